//! One file for each attack of RFC 9700 and of the list in `docs/threat_model.md`.

mod assertion_replay;
mod audience_confusion;
mod client_impersonation;
mod code_injection;
mod code_replay;
mod credentials_in_the_query;
mod cross_origin;
mod mix_up;
mod oversized_requests;
mod parameter_pollution;
mod password_grant;
mod pkce_downgrade;
mod redirect_uri_manipulation;
mod refresh_token_replay;
mod request_smuggling;
mod response_type_confusion;
