-- depends: 0035_inquiries_of_accounts
-- Invoices that are made out anew to the right buyer, each in the place of another one.

set lock_timeout = '5s';

alter table documents
  add column corrects uuid,
  add foreign key (account_id, corrects) references documents,
  add check (corrects is null or kind = 'invoice'),
  add unique (account_id, corrects);
create index documents_by_credited on documents (account_id, credits) where credits is not null;
