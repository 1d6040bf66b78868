-- depends: 0039_fair_use
-- Which mails are copies of one letter to an account's owners: one that is refused for good goes to others.

set lock_timeout = '5s';

alter table mails add column letter_id uuid;
create index mails_by_letter on mails (account_id, letter_id) where letter_id is not null;
