-- depends: 0028_billing_keys
-- Files that travel with a mail: kept until it is sent, or as long as the text of one that could not be.

set lock_timeout = '5s';

create table mail_attachments (
  account_id  bigint not null,
  mail_id     bigint not null,
  place       integer not null,  -- in the mail, from 1
  name        text not null,
  media_type  text not null,
  content     bytea not null check (length(content) <= 5000000),
  primary key (account_id, mail_id, place),
  foreign key (account_id, mail_id) references mails on delete cascade
);
call protect('mail_attachments');
