//! Small parts that screens are made of.

pub mod ascii;
pub mod big;
pub mod form;
pub mod input;
pub mod list;
pub mod paint;
