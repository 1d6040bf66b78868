-- depends: 0027_deletion
-- How long the plan of an account keeps closed alerts; what is older is hidden, and removed some time after a notice.

set lock_timeout = '5s';

create table retention (
  account_id  bigint primary key references accounts,
  reach       interval not null,        -- as the plan has it
  purge_from  timestamptz not null,     -- nothing is removed before: the notice that was given
  due_at      timestamptz not null      -- when the account is looked at next
);
call protect('retention');
create index retention_due on retention (due_at);
