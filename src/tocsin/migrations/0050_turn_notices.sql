-- depends: 0048_repeats
-- Who wants to be told that a turn of his starts or ends: one row for each account where somebody does. Up to
-- `looked_through` everything is told; `due_at` is when the next notice may be due. What changes the configuration may
-- change the turns, so it makes the row due at once.

set lock_timeout = '5s';

create table turn_notices (
  account_id     bigint primary key references accounts,
  looked_through timestamptz,  -- null: nobody has looked yet, and nothing before that is told
  due_at         timestamptz not null
);
create index turn_notices_due on turn_notices (due_at);
call protect('turn_notices');

create function look_for_turn_notices() returns trigger language plpgsql as $$
begin
  update turn_notices set due_at = '-infinity' where account_id = new.account_id and due_at <> '-infinity';
  return null;
end
$$;
create trigger configuration_versions_turns after insert or update on configuration_versions
  for each row execute function look_for_turn_notices();

create function begin_turn_notices() returns trigger language plpgsql as $$
begin
  insert into turn_notices (account_id, due_at) values (new.account_id, '-infinity') on conflict do nothing;
  return null;
end
$$;
create trigger notification_rules_turns after insert or update on notification_rules
  for each row when (new.action_type in ('schedule-start', 'schedule-end')) execute function begin_turn_notices();

insert into turn_notices (account_id, due_at)
select distinct account_id, '-infinity'::timestamptz from notification_rules
 where action_type in ('schedule-start', 'schedule-end');
