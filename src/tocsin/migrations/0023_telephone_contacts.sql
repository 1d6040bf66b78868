-- depends: 0022_usage
-- Contacts by telephone and push: what a rehearsal plays today, and channels send to once there are any.

set lock_timeout = '5s';

alter table contacts drop constraint contacts_method_check;
alter table contacts add constraint contacts_method_check
  check (method in ('email', 'webhook', 'sms', 'voice', 'push')) not valid;
alter table contacts validate constraint contacts_method_check;
