//! Getting back in.

mod codes;
