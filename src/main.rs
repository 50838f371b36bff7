//! The program; its faces come with their rooms.

fn main() {}
