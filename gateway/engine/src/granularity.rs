//! Preferred number series, for the boundaries of `$bucketAuto`.

use bson::Bson;

use crate::{
    decimal,
    error::{Error, Result},
    number::Number,
};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Granularity {
    /// Numbers from 1 up to 10, repeated for each power of ten.
    Series(&'static [f64]),
    PowersOfTwo,
}

const R5: &[f64] = &[1.0, 1.6, 2.5, 4.0, 6.3];
const R10: &[f64] = &[1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0];
const R20: &[f64] = &[1.0, 1.12, 1.25, 1.4, 1.6, 1.8, 2.0, 2.24, 2.5, 2.8, 3.15, 3.55, 4.0, 4.5, 5.0, 5.6, 6.3, 7.1, 8.0, 9.0];
const R40: &[f64] = &[
    1.0, 1.06, 1.12, 1.18, 1.25, 1.32, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.12, 2.24, 2.36, 2.5, 2.65, 2.8, 3.0, 3.15, 3.35,
    3.55, 3.75, 4.0, 4.25, 4.5, 4.75, 5.0, 5.3, 5.6, 6.0, 6.3, 6.7, 7.1, 7.5, 8.0, 8.5, 9.0, 9.5,
];
const R80: &[f64] = &[
    1.0, 1.03, 1.06, 1.09, 1.12, 1.15, 1.18, 1.22, 1.25, 1.28, 1.32, 1.36, 1.4, 1.45, 1.5, 1.55, 1.6, 1.65, 1.7, 1.75, 1.8, 1.85,
    1.9, 1.95, 2.0, 2.06, 2.12, 2.18, 2.24, 2.3, 2.36, 2.43, 2.5, 2.58, 2.65, 2.72, 2.8, 2.9, 3.0, 3.07, 3.15, 3.25, 3.35, 3.45,
    3.55, 3.65, 3.75, 3.87, 4.0, 4.12, 4.25, 4.37, 4.5, 4.62, 4.75, 4.87, 5.0, 5.15, 5.3, 5.45, 5.6, 5.8, 6.0, 6.15, 6.3, 6.5,
    6.7, 6.9, 7.1, 7.3, 7.5, 7.75, 8.0, 8.25, 8.5, 8.75, 9.0, 9.25, 9.5, 9.75,
];
const ONE_TWO_FIVE: &[f64] = &[1.0, 2.0, 5.0];
const E6: &[f64] = &[1.0, 1.5, 2.2, 3.3, 4.7, 6.8];
const E12: &[f64] = &[1.0, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 3.9, 4.7, 5.6, 6.8, 8.2];
const E24: &[f64] =
    &[1.0, 1.1, 1.2, 1.3, 1.5, 1.6, 1.8, 2.0, 2.2, 2.4, 2.7, 3.0, 3.3, 3.6, 3.9, 4.3, 4.7, 5.1, 5.6, 6.2, 6.8, 7.5, 8.2, 9.1];

impl Granularity {
    pub fn parse(name: &str) -> Result<Granularity> {
        Ok(match name {
            "R5" => Granularity::Series(R5),
            "R10" => Granularity::Series(R10),
            "R20" => Granularity::Series(R20),
            "R40" => Granularity::Series(R40),
            "R80" => Granularity::Series(R80),
            "1-2-5" => Granularity::Series(ONE_TWO_FIVE),
            "E6" => Granularity::Series(E6),
            "E12" => Granularity::Series(E12),
            "E24" => Granularity::Series(E24),
            "POWERSOF2" => Granularity::PowersOfTwo,
            _ => return Err(Error::new(40257, format!("Unknown rounding granularity '{name}'"))),
        })
    }

    /// The next number of the series above the value.
    pub fn up(&self, value: &Bson) -> Bson {
        self.neighbour(value, true)
    }

    /// The next number of the series below the value.
    pub fn down(&self, value: &Bson) -> Bson {
        self.neighbour(value, false)
    }

    fn neighbour(&self, value: &Bson, up: bool) -> Bson {
        let Some(number) = Number::from_bson(value).filter(|number| !number.is_zero()) else {
            return value.clone();
        };
        let at = number.to_f64();
        let found = match self {
            Granularity::PowersOfTwo => power_of_two(at, up),
            Granularity::Series(series) => of_series(series, at, up),
        };
        match number {
            Number::Decimal(_) => {
                let parsed = decimal::parse(&found.to_string()).unwrap_or_else(|| decimal::from_f64(found));
                Number::Decimal(parsed).into_bson()
            }
            _ => Bson::Double(found),
        }
    }
}

fn power_of_two(at: f64, up: bool) -> f64 {
    let below = at.log2().floor();
    if up {
        return (below + 1.0).exp2();
    }
    let exact = below.exp2() == at;
    if exact { (below - 1.0).exp2() } else { below.exp2() }
}

fn of_series(series: &[f64], at: f64, up: bool) -> f64 {
    let magnitude = at.log10().floor() as i32;
    let scales = [magnitude - 1, magnitude, magnitude + 1];
    let numbers = scales.iter().flat_map(|scale| series.iter().map(move |number| scaled(*number, *scale)));
    if up {
        numbers.filter(|number| *number > at).fold(f64::INFINITY, f64::min)
    } else {
        numbers.filter(|number| *number < at).fold(0.0, f64::max)
    }
}

/// By decimal text, so that 1.6 tens are 16 and not a little less.
fn scaled(number: f64, scale: i32) -> f64 {
    format!("{number}e{scale}").parse().unwrap_or(number)
}
