-- depends: 0044_on_call
-- What the API keeps of people: a locale as its client spells it (en_GB), beside the language that we speak to him; and
-- a code of six digits that the mail to a new address carries, for whoever cannot follow its link.

set lock_timeout = '5s';

alter table users add column language_tag text not null default '';
alter table tokens drop constraint tokens_purpose_check, add constraint tokens_purpose_check check
  (purpose in ('invitation', 'password-reset', 'verification', 'verification-code'));
