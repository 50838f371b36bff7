//! Small parts that screens are made of.

pub mod big;
pub mod form;
pub mod input;
pub mod last;
pub mod list;
pub mod paint;
pub mod prompt;
