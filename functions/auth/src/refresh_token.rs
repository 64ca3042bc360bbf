//! Refresh tokens: nothing of them is stored, as each follows from its login and generation under our key.

use store::Vault;

const PURPOSE: &str = "refresh";

/// One generation of a login's refresh tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The login.
    pub login: String,
    /// Its tenant.
    pub tenant: String,
    /// The how-manieth token of the login it is, from 1.
    pub generation: i64,
}

impl RefreshToken {
    /// The token as its holder keeps it.
    pub fn write(&self, vault: &Vault) -> String {
        let generation = self.generation.to_string();
        let signature = vault.sign(PURPOSE, &[&self.login, &self.tenant, &generation]);
        format!("{}.{}.{generation}.{signature}", self.login, self.tenant)
    }

    /// The token that a text is, if we signed it.
    pub fn read(vault: &Vault, text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        let [login, tenant, generation, signature] = <[&str; 4]>::try_from(parts).ok()?;
        if !vault.verify(PURPOSE, &[login, tenant, generation], signature) {
            return None;
        }
        Some(Self { login: login.to_owned(), tenant: tenant.to_owned(), generation: generation.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_no_part_of_it_can_be_changed() {
        let vault = Vault::parse(&"A".repeat(43)).unwrap();
        let token = RefreshToken { login: "log_a".to_owned(), tenant: "ten_b".to_owned(), generation: 7 };
        let text = token.write(&vault);
        assert_eq!(RefreshToken::read(&vault, &text), Some(token));
        for (part, other) in [("log_a", "log_b"), ("ten_b", "ten_c"), (".7.", ".8."), (".7.", ".07.")] {
            assert_eq!(RefreshToken::read(&vault, &text.replace(part, other)), None, "{other}");
        }
        let foreign = Vault::parse(&format!("B{}", "A".repeat(42))).unwrap();
        assert_eq!(RefreshToken::read(&foreign, &text), None);
    }
}
