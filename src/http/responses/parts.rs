//! A part of a long list, and where the parts before and after it begin.

/// So many are shown at once.
pub const SHOWN_AT_ONCE: usize = 100;

/// Those of a list that are shown.
pub struct Part<T> {
    /// They themselves.
    pub shown: Vec<T>,
    /// How many of the list come before them.
    pub from: usize,
    /// How long the list is.
    pub total: usize,
}

impl<T> Part<T> {
    /// Those of `all` that come after the first `from`.
    pub fn of(all: Vec<T>, from: usize) -> Self {
        let total = all.len();
        let from = if from < total { from } else { 0 };
        Self { shown: all.into_iter().skip(from).take(SHOWN_AT_ONCE).collect(), from, total }
    }

    /// Where the part before begins, if there is one.
    pub fn previous(&self) -> Option<usize> {
        (self.from > 0).then(|| self.from.saturating_sub(SHOWN_AT_ONCE))
    }

    /// Where the part after begins, if there is one.
    pub fn next(&self) -> Option<usize> {
        Some(self.from + self.shown.len()).filter(|next| *next < self.total)
    }

    /// Whether the list is so long that it is shown in parts.
    pub fn is_long(&self) -> bool {
        self.total > SHOWN_AT_ONCE
    }

    /// The numbers of the first and the last that are shown.
    pub fn numbers(&self) -> (usize, usize) {
        (self.from + 1, self.from + self.shown.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_shown_part_by_part() {
        let all: Vec<usize> = (0..250).collect();
        let places = |part: &Part<usize>| (part.previous(), part.next(), part.numbers());
        assert_eq!(places(&Part::of(all.clone(), 0)), (None, Some(100), (1, 100)));
        assert_eq!(places(&Part::of(all.clone(), 150)), (Some(50), None, (151, 250)));
        assert_eq!(places(&Part::of(all, 999)), (None, Some(100), (1, 100)));
        assert!(!Part::of(vec![1], 0).is_long() && Part::<u8>::of(Vec::new(), 0).shown.is_empty());
    }
}
