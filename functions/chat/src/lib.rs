//! Chat: the conversation of a lead and its messages.
