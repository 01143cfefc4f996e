"""Ways by which a message leaves: mail, webhook, chat, and an operator's own file or command. One module a channel."""
