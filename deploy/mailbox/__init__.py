"""The built-in mailbox: takes every mail by SMTP, keeps it in a folder, shows it to people and programs."""
