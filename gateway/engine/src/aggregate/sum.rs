//! Sums that keep the widest type and lose no whole numbers and few fractions.

use bson::Bson;

use crate::{
    decimal::{self, Dec},
    number::Number,
};

#[derive(Debug, Clone)]
pub(crate) struct Sum {
    whole: i128,
    /// The sum of doubles and what rounding took from it.
    double: f64,
    lost: f64,
    decimal: Option<Dec>,
    has_double: bool,
    has_long: bool,
    pub count: u64,
}

impl Default for Sum {
    fn default() -> Sum {
        Sum { whole: 0, double: 0.0, lost: 0.0, decimal: None, has_double: false, has_long: false, count: 0 }
    }
}

impl Sum {
    /// What is no number does not count.
    pub fn add(&mut self, value: &Bson) {
        let Some(number) = Number::from_bson(value) else {
            return;
        };
        self.count += 1;
        match number {
            Number::Int(n) => self.whole += i128::from(n),
            Number::Long(n) => {
                self.has_long = true;
                self.whole += i128::from(n);
            }
            Number::Double(n) => {
                self.has_double = true;
                self.add_double(n);
            }
            Number::Decimal(n) => {
                let mut total = self.decimal.unwrap_or_else(|| decimal::from_i64(0));
                decimal::context().add(&mut total, &n);
                self.decimal = Some(total);
            }
        }
    }

    fn add_double(&mut self, n: f64) {
        let sum = self.double + n;
        let lost = if self.double.abs() >= n.abs() { (self.double - sum) + n } else { (n - sum) + self.double };
        if lost.is_finite() {
            self.lost += lost;
        }
        self.double = sum;
    }

    pub fn total(&self) -> Number {
        if self.decimal.is_some() {
            return Number::Decimal(self.decimal_total());
        }
        if self.has_double {
            return Number::Double(self.double_total());
        }
        match (i32::try_from(self.whole), i64::try_from(self.whole)) {
            (Ok(n), _) if !self.has_long => Number::Int(n),
            (_, Ok(n)) => Number::Long(n),
            _ => Number::Double(self.whole as f64),
        }
    }

    pub fn average(&self) -> Bson {
        if self.count == 0 {
            return Bson::Null;
        }
        if self.decimal.is_some() {
            let mut total = self.decimal_total();
            let count = decimal::from_i64(i64::try_from(self.count).unwrap_or(i64::MAX));
            decimal::context().div(&mut total, &count);
            return Number::Decimal(total).into_bson();
        }
        Bson::Double(self.double_total() / self.count as f64)
    }

    fn double_total(&self) -> f64 {
        if !self.has_double {
            return self.whole as f64;
        }
        let mut all = self.clone();
        if self.whole != 0 {
            let near = self.whole as f64;
            all.add_double(near);
            all.add_double((self.whole - near as i128) as f64);
        }
        if all.double.is_finite() { all.double + all.lost } else { all.double }
    }

    fn decimal_total(&self) -> Dec {
        let mut total = self.decimal.unwrap_or_else(|| decimal::from_i64(0));
        let mut context = decimal::context();
        if self.has_double {
            context.add(&mut total, &decimal::from_f64_exact(self.double + self.lost));
        }
        if let Some(whole) = decimal::parse(&self.whole.to_string()).filter(|_| self.whole != 0) {
            context.add(&mut total, &whole);
        }
        total
    }
}
