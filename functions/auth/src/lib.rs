//! Who somebody is and which tenants they may enter: signing up, logging in and out, joining.

mod accept;
mod attempts;
mod change_password;
mod credential;
mod credentials;
mod device;
mod enrol;
mod entrance;
mod fresh;
mod identity;
mod login;
mod logins;
mod logout;
mod me;
mod otp;
mod outside;
mod password;
mod places;
mod proof;
mod refresh;
mod refresh_token;
mod reset;
mod routes;
mod second_factor;
mod sessions;
mod signup;
mod step_up;
mod switch;
pub mod totp;

pub use routes::{ROUTES, router};

edge::entry!(router);
