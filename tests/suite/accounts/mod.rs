//! Several accounts in one server: which one a call is for, and what one has to do with another.

mod across;
mod agency;
mod books;
mod calls;
mod command_line;
mod confirmed;
mod edited;
mod file;
mod odd;
mod one;
#[cfg(unix)]
mod open_files;
mod protocol;
mod shared_login;
