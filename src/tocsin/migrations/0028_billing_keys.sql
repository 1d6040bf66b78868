-- depends: 0039_fair_use
-- A key may read and change how the account is billed only where an owner said so.

set lock_timeout = '5s';

alter table integrations add column allow_billing_access boolean not null default false;
