//! Mail over HTTP, in the shape of Resend's API.
//!
//! Source: resend-openapi and resend.com/docs/api-reference/errors.

use crate::message::{Answer, Failure, Outgoing};
use serde::Serialize;

/// Where the API is, unless configured otherwise.
pub const API_URL: &str = "https://api.resend.com";
/// Longest `Idempotency-Key`; a key counts for 24 hours.
pub const IDEMPOTENCY_KEY_LIMIT: usize = 256;
/// Most recipients of one mail.
pub const RECIPIENT_LIMIT: usize = 50;

/// A sender's account.
#[derive(Clone, Copy)]
pub struct Account<'a> {
    /// [`API_URL`] or a stand-in.
    pub url: &'a str,
    /// The bearer.
    pub key: &'a str,
}

/// One mail.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Mail<'a> {
    /// `Name <address>` or an address.
    pub from: &'a str,
    /// One to fifty addresses.
    pub to: &'a [&'a str],
    /// One line.
    pub subject: &'a str,
    /// The plain part.
    pub text: &'a str,
    /// The HTML part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<&'a str>,
    /// Where answers go, if not to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<&'a str>,
}

impl Account<'_> {
    /// Sends a mail; answered by [`sent`]. The same key within a day sends it once.
    ///
    /// # Errors
    /// A mail without recipients, or with too many, is not worth a call.
    pub fn send(&self, mail: &Mail<'_>, idempotency_key: &str) -> Result<Outgoing, Failure> {
        if mail.to.is_empty() || mail.to.len() > RECIPIENT_LIMIT {
            return Err(Failure::final_("mail-recipients", "a mail has one to fifty recipients"));
        }
        if idempotency_key.is_empty() || idempotency_key.len() > IDEMPOTENCY_KEY_LIMIT {
            return Err(Failure::final_("mail-key", "the idempotency key is empty or too long"));
        }
        Ok(Outgoing {
            method: "POST",
            url: format!("{}/emails", self.url),
            headers: vec![
                ("authorization", format!("Bearer {}", self.key)),
                ("content-type", "application/json".into()),
                ("accept", "application/json".into()),
                ("idempotency-key", idempotency_key.to_owned()),
            ],
            body: serde_json::to_string(mail).unwrap_or_default(),
        })
    }
}

/// The provider's id of the mail.
///
/// # Errors
/// Says whether the same mail can be taken later. The provider's own words may hold addresses and are left out.
pub fn sent(answer: &Answer<'_>) -> Result<String, Failure> {
    if matches!(answer.status, 200..=299) {
        return answer.text("id").ok_or_else(|| Failure::final_("mail-unreadable", "the answer lacks the mail's id"));
    }
    Err(refusal(answer))
}

fn refusal(answer: &Answer<'_>) -> Failure {
    let name = answer.text("name").unwrap_or_default();
    let after_s = answer.retry_after_s();
    match (answer.status, name.as_str()) {
        (429, "daily_quota_exceeded" | "monthly_quota_exceeded") => {
            Failure::passing("mail-quota", "the provider's quota is used up", after_s.or(Some(3_600)))
        }
        (429, _) => Failure::passing("mail-limit", "too many mails at once", after_s),
        (409, "concurrent_idempotent_requests") => Failure::passing("mail-in-progress", "the same mail is being taken", after_s),
        (409, _) => Failure::final_("mail-key-reused", "the idempotency key belongs to another mail"),
        (401 | 403, "validation_error") => Failure::final_("mail-sender-refused", "the sender's domain is not verified"),
        (401 | 403, _) => Failure::final_("mail-account-refused", "the provider refuses the API key"),
        (408 | 500..=599, _) => Failure::passing("mail-unavailable", "the provider is out of order", after_s),
        _ => Failure::final_("mail-refused", "the provider refuses the mail"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ACCOUNT: Account<'_> = Account { url: "https://mail.example", key: "re_hush" };
    const MAIL: Mail<'_> = Mail {
        from: "Edgewise <no-reply@example.com>",
        to: &["ada@example.com"],
        subject: "You are invited",
        text: "Come in: https://app.example/invite",
        html: None,
        reply_to: None,
    };

    #[test]
    fn a_mail_is_json_under_a_key() {
        let sent = ACCOUNT.send(&MAIL, "job_1").unwrap();
        assert_eq!((sent.method, sent.url.as_str()), ("POST", "https://mail.example/emails"));
        assert!(sent.headers.contains(&("authorization", "Bearer re_hush".into())));
        assert!(sent.headers.contains(&("idempotency-key", "job_1".into())));
        let expected = json!({
            "from": MAIL.from, "to": ["ada@example.com"], "subject": MAIL.subject, "text": MAIL.text,
        });
        assert_eq!(serde_json::from_str::<Value>(&sent.body).unwrap(), expected);
    }

    #[test]
    fn a_mail_that_cannot_be_taken_is_not_sent() {
        let many = vec!["a@example.com"; RECIPIENT_LIMIT + 1];
        let long = "k".repeat(IDEMPOTENCY_KEY_LIMIT + 1);
        for (to, key, code) in [
            (&[][..], "k", "mail-recipients"),
            (&many[..], "k", "mail-recipients"),
            (MAIL.to, "", "mail-key"),
            (MAIL.to, long.as_str(), "mail-key"),
        ] {
            assert_eq!(ACCOUNT.send(&Mail { to, ..MAIL }, key).unwrap_err().code, code);
        }
    }

    #[test]
    fn answers_say_whether_to_come_back() {
        let header = |name: &str| (name == "retry-after").then(|| "3".to_owned());
        for (status, name, code, retry) in [
            (429, "rate_limit_exceeded", "mail-limit", true),
            (429, "daily_quota_exceeded", "mail-quota", true),
            (409, "concurrent_idempotent_requests", "mail-in-progress", true),
            (409, "invalid_idempotent_request", "mail-key-reused", false),
            (401, "missing_api_key", "mail-account-refused", false),
            (403, "invalid_api_key", "mail-account-refused", false),
            (403, "validation_error", "mail-sender-refused", false),
            (422, "missing_required_field", "mail-refused", false),
            (400, "validation_error", "mail-refused", false),
            (500, "application_error", "mail-unavailable", true),
            (503, "", "mail-unavailable", true),
        ] {
            let body = json!({"name": name, "message": "ada@example.com is bad"}).to_string();
            let answer = Answer { status, header: &header, body: body.as_bytes() };
            let failure = sent(&answer).unwrap_err();
            assert_eq!((failure.code, failure.retry), (code, retry), "{status} {name}");
            assert_eq!(failure.retry_after_s, retry.then_some(3));
            assert!(!failure.text.contains('@'));
        }
    }

    #[test]
    fn success_has_an_id() {
        let header = |_: &str| None;
        let of = |body: &'static [u8]| sent(&Answer { status: 200, header: &header, body });
        assert_eq!(of(br#"{"id":"49a3999c"}"#), Ok("49a3999c".into()));
        assert_eq!(of(b"ok").unwrap_err().code, "mail-unreadable");
    }
}
