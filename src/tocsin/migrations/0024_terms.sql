-- depends: 0010_workers
-- What an account has, from when on: facts that are added and never changed. Entitlements and pools at any instant follow
-- from the last term that starts no later.

set lock_timeout = '5s';

create table subscription_terms (
  account_id        bigint not null references accounts,
  id                bigint generated always as identity,
  starts_at         timestamptz not null,
  standing          text not null check (standing in ('granted', 'trialing', 'active', 'past_due', 'restricted',
                                                      'canceling', 'free', 'deleting', 'deleted')),
  plan              text not null check (plan <> ''),
  seats             integer not null check (seats >= 0),
  interval          text check (interval in ('month', 'year')),
  book_version      integer not null,
  usage_billed      boolean not null default false,
  telephony_stopped boolean not null default false,
  primary key (account_id, starts_at, id)
);
call protect('subscription_terms');

create function refuse_change_of_term() returns trigger language plpgsql as $$
begin
  raise exception 'A term of account % is a fact: add another one instead.', old.account_id;
end
$$;
create trigger subscription_terms_are_facts before update on subscription_terms
  for each row execute function refuse_change_of_term();

-- Whoever is here already has everything, as the first account of a server does.
insert into subscription_terms (account_id, starts_at, standing, plan, seats, book_version)
select id, created_at, 'granted', 'enterprise', 0, 1 from accounts;
