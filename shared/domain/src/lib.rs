//! The words of the business: entity tables, the engine that reads them, and the rules. No I/O, clock or randomness here.
