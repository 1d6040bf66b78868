-- depends: 0029_mail_attachments
-- When the registry of VAT ids may be asked again about a buyer: it was down, or somebody is asking now.

set lock_timeout = '5s';

alter table billing_information add column vat_retry_at timestamptz;
create index billing_information_with_vat_id on billing_information (account_id) where vat_id <> '';
