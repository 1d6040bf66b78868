-- depends: 0005_server
-- What search looks through: a copy of each alert's texts behind one index, filled by the worker.
--
-- Beside `alerts`, not on it, because keeping a trigram index costs ten times what storing the alert does: here neither
-- accepting an alert pays for it, nor closing one (which rewrites every index entry of its row). What the worker has not
-- come to yet is in search_queue, and each search reads those alerts themselves.

set lock_timeout = '5s';

-- The account that this transaction may see, when it is one: a search is always about one.
create function visible_account() returns bigint language sql stable parallel safe as $$
  select case when current_setting('tocsin.accounts', true) ~ '^[0-9]{1,18}$'
              then current_setting('tocsin.accounts', true)::bigint end
$$;

-- In lower case, for LIKE is quicker than ILIKE.
create table alert_texts (
  account_id  bigint not null,
  alert_id    text not null,
  message     text not null,
  description text not null,
  rest        text not null,     -- entity, source, alias unless a machine made it, tags, details: a line each
  keys        text[] not null,   -- t:<tag>, k:<details key>, v:<details value>, a:<alias>, r:<responder id>; cut at 100
  primary key (account_id, alert_id)
);
create index alert_texts_search on alert_texts
  using gin (account_id, message gin_trgm_ops, description gin_trgm_ops, rest gin_trgm_ops, keys)
  with (fastupdate = on, gin_pending_list_limit = 8192);
call protect('alert_texts');

-- Behind a policy PostgreSQL uses neither a text index nor statistics about texts. So requests read the table through
-- its owner's view, which does the policy's work itself; and the owner, who sees every row by policy, does without.
alter table alert_texts no force row level security;
revoke select, insert, update, delete on alert_texts from tocsin_app;
create view searchable_texts as
  select account_id, alert_id, message, description, rest, keys from alert_texts where account_id = visible_account();
grant select on searchable_texts to tocsin_app;

-- Moves what was added lately to its place in the index; until then each search reads it. Only the owner may.
create function clean_search_index() returns bigint language sql security definer set search_path = public as $$
  select gin_clean_pending_list('alert_texts_search')
$$;
revoke execute on function clean_search_index() from public;
grant execute on function clean_search_index() to tocsin_engine;

-- The list that people look at most, however many alerts were closed since the oldest open one.
create index alerts_open_by_creation on alerts (account_id, created_at desc) where status = 'open';

-- Alerts that are new or say something else; a repeat of an alert changes nothing here.
create table search_queue (
  account_id bigint not null,
  alert_id   text not null
);
call protect('search_queue');

create function queue_new_alerts() returns trigger language plpgsql as $$
begin
  insert into search_queue (account_id, alert_id) select account_id, id from made;
  return null;
end
$$;
create trigger alerts_made after insert on alerts
  referencing new table as made for each statement execute function queue_new_alerts();

create function queue_changed_alert() returns trigger language plpgsql as $$
begin
  insert into search_queue (account_id, alert_id) values (new.account_id, new.id);
  return null;
end
$$;
create trigger alerts_changed after update of message, description, entity, source, tags, details, responders on alerts
  for each row
  when ((old.message, old.description, old.entity, old.source, old.tags, old.details, old.responders)
        is distinct from (new.message, new.description, new.entity, new.source, new.tags, new.details, new.responders))
  execute function queue_changed_alert();

create function forget_alert_texts() returns trigger language plpgsql security definer set search_path = public as $$
begin
  delete from alert_texts t using gone g where t.account_id = g.account_id and t.alert_id = g.id;
  return null;
end
$$;
create trigger alerts_gone after delete on alerts
  referencing old table as gone for each statement execute function forget_alert_texts();

insert into search_queue (account_id, alert_id) select account_id, id from alerts;
