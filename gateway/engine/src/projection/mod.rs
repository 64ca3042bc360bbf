//! Projections of find and of `$project`, and the additions of `$set`: one tree.

mod apply;
mod parse;

use bson::Document;

pub(crate) use self::parse::{Dialect, check_path};
use crate::{
    error::Result,
    expression::{Env, Expression, Variables},
    fields::Fields,
    matcher::Matcher,
};

/// A parsed projection.
#[derive(Debug, Clone)]
pub(crate) struct Projection {
    tree: Tree,
    kind: Kind,
}

/// What happens to fields that are not named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// They are left out.
    Inclusion,
    /// They stay.
    Exclusion,
    /// They stay, and fields of the same name are overwritten where they stand.
    Addition,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    children: Vec<(String, Branch)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Branch {
    Include,
    Exclude,
    Computed(Expression),
    Nested(Tree),
    Slice { skip: Option<i64>, limit: i64 },
    ElemMatch(Matcher),
    Positional,
}

impl Projection {
    /// Of find and findOneAnd*.
    pub fn of_find(spec: &Document) -> Result<Projection> {
        parse::parse(spec, Dialect::Find, &Variables::new())
    }

    /// Of the stage `$project`.
    pub fn of_stage(spec: &Document, variables: &Variables) -> Result<Projection> {
        parse::parse(spec, Dialect::Stage, variables)
    }

    /// Of `$set` and `$addFields`.
    pub fn additions(spec: &Document, variables: &Variables) -> Result<Projection> {
        parse::parse(spec, Dialect::Additions, variables)
    }

    /// Of `$unset`.
    pub fn removals(paths: &[String]) -> Result<Projection> {
        parse::removals(paths)
    }

    /// The top-level fields that its output depends on.
    pub fn add_fields(&self, fields: &mut Fields) {
        if self.kind != Kind::Inclusion {
            return fields.add_all();
        }
        for (name, branch) in &self.tree.children {
            fields.add(name);
            branch.add_fields(fields);
        }
    }

    pub fn apply(&self, document: &Document, position: Option<usize>, variables: &Variables) -> Result<Document> {
        let env = Env::new(document, variables);
        apply::document(&self.tree, self.kind, document, &env, position)
    }
}

impl Branch {
    fn add_fields(&self, fields: &mut Fields) {
        match self {
            Branch::Computed(expression) => expression.add_fields(fields),
            Branch::Nested(tree) => tree.children.iter().for_each(|(_, branch)| branch.add_fields(fields)),
            _ => {}
        }
    }
}

impl Tree {
    fn get(&self, name: &str) -> Option<&Branch> {
        self.children.iter().find(|(known, _)| known == name).map(|(_, branch)| branch)
    }

    fn computes(&self) -> bool {
        self.children.iter().any(|(_, branch)| match branch {
            Branch::Computed(_) => true,
            Branch::Nested(tree) => tree.computes(),
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests;
