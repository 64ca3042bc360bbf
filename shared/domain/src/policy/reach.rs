//! Whose records a permission reaches, and how the reaches of a policy are written.

use super::PERMISSIONS;

/// Whose records an action reaches; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// One's own.
    Own,
    /// Those of one's teams.
    Team,
    /// Everybody's.
    All,
}

impl Reach {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Team => "team",
            Self::All => "all",
        }
    }
}

/// A letter from `A` to `P` for every two permissions, two bits for each, as far as any is given. The letters have no end,
/// so the list of permissions has none; and what was written as a number once is no such text.
pub fn written(reaches: &[Option<Reach>]) -> String {
    let letters =
        reaches.chunks(2).map(|pair| char::from(b'A' + pair.iter().rev().fold(0, |bits, reach| bits << 2 | bits_of(*reach))));
    let letters: String = letters.collect();
    let kept = letters.trim_end_matches('A');
    if kept.is_empty() { "A".to_owned() } else { kept.to_owned() }
}

/// What was written; permissions that nobody knows here yet are left out.
pub fn read(letters: &str) -> Option<Vec<Option<Reach>>> {
    let mut reaches = Vec::new();
    for letter in letters.bytes() {
        let bits = letter.checked_sub(b'A').filter(|bits| *bits < 16)?;
        reaches.extend([reach_of(bits & 3), reach_of(bits >> 2)]);
    }
    let is_empty = reaches.is_empty();
    reaches.resize(PERMISSIONS.len(), None);
    (!is_empty).then_some(reaches)
}

const fn bits_of(reach: Option<Reach>) -> u8 {
    match reach {
        None => 0,
        Some(Reach::Own) => 1,
        Some(Reach::Team) => 2,
        Some(Reach::All) => 3,
    }
}

const fn reach_of(bits: u8) -> Option<Reach> {
    match bits {
        1 => Some(Reach::Own),
        2 => Some(Reach::Team),
        3 => Some(Reach::All),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_grows_by_a_letter_for_two_permissions() {
        let reaches: Vec<_> = (0..300u16).map(|at| reach_of((at % 4) as u8)).collect();
        let letters = written(&reaches);
        assert!(letters.len() == 150 && letters.starts_with("EOEO"), "{letters}");
        assert_eq!(read(&letters).unwrap(), reaches[..PERMISSIONS.len()]);
    }
}
