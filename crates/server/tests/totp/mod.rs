//! The second factor: setting it up, passing it once per code, who must have one, what guessing comes to.

mod budget;
mod policy;
mod setting_up;
mod step;
