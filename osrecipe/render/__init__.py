"""How things are shown: to people and to programs. Returns text or writes to a console; decides nothing."""
