"""The built-in mailbox: receives every mail by SMTP, stores it in a folder, shows it to users and programs."""
