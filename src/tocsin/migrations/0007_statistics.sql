-- depends: 0006_search
-- A fresh database plans as a used one does.
--
-- Every index leads with account_id, and without statistics the planner cannot tell which of them finds one row and which
-- a whole account; in the first seconds of a first storm it chose the latter, and each batch took longer than the last.
-- Statistics stay when their rows are gone, until the first real ones replace them.

set lock_timeout = '5s';

insert into alerts (account_id, id, tiny_id, alias, message, priority, status, created_at, updated_at, last_occurred_at)
select 0, gen_random_uuid()::text, i, gen_random_uuid()::text, 'm', 3, 'open', at, at, at
  from generate_series(1, 2000) as i, lateral (select timestamptz 'epoch' + i * interval '1 second' as at) as instant;

insert into escalation_runs (account_id, alert_id, responder_type, responder_id, started_at, due_at)
select 0, gen_random_uuid()::text, 'user', gen_random_uuid(), timestamptz 'epoch',
       case when i % 20 = 0 then timestamptz 'epoch' + i * interval '1 second' end
  from generate_series(1, 2000) as i;

insert into notifications (account_id, key, alert_id, user_id, contact_id, method, address, action_type, reason, told_at,
                           status, due_at, created_at, ended_at)
select 0, i::text, gen_random_uuid()::text, people.id, people.id, 'email', 'a', 'create-alert', '{}',
       timestamptz 'epoch', case when i % 20 = 0 then 'due' else 'accepted' end, case when i % 20 = 0 then at end, at,
       case when i % 20 = 0 then null else at end
  from (select gen_random_uuid() as id from generate_series(1, 20)) as people, generate_series(1, 100) as i,
       lateral (select timestamptz 'epoch' + i * interval '1 second' as at) as instant;

analyze alerts;
analyze escalation_runs;
analyze notifications;

delete from alerts where account_id = 0;
delete from escalation_runs where account_id = 0;
delete from notifications where account_id = 0;
delete from search_queue where account_id = 0;
alter table escalation_runs alter column id restart with 1;
alter table notifications alter column id restart with 1;
