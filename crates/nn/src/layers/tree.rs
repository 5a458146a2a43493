//! The parts of a model as a tree.

use std::collections::HashSet;

use graph::{Param, ParamId, Role};

use super::Layers;

/// What a model consists of: parts under names, and parameters where it ends.
///
/// [`Layers::tree`] answers it; the example is at the [top](crate::layers). It prints itself with a line for each part, except what
/// is within a part that has a [description](Self::described); each line says how many trainable numbers there are in the part. A
/// parameter that several parts share counts once, and the parts after the first are marked `shared`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    kind: String,
    description: Option<String>,
    parts: Vec<(String, Tree)>,
    pub(super) content: Content,
}

/// What there is beside parts.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Parts,
    Parameter(Param),
    /// Nobody says what.
    Unknown,
    /// Not there at all.
    Absent,
}

impl Tree {
    /// Something of this kind, the name of a type, that has no parts yet.
    pub fn new(kind: impl Into<String>) -> Self {
        Self::of(kind, Content::Parts)
    }

    pub(super) fn of(kind: impl Into<String>, content: Content) -> Self {
        Self { kind: kind.into(), description: None, parts: Vec::new(), content }
    }

    /// The same under the name of another type, that is a shell around it.
    pub(crate) fn named(self, kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..self }
    }

    /// With a part at the end; an `Option` that is `None` is no part.
    pub fn with(mut self, name: &str, part: &dyn Layers) -> Self {
        let tree = part.tree();
        if tree.content != Content::Absent {
            self.parts.push((name.to_owned(), tree));
        }
        self
    }

    /// With what is to be known of it, such as its sizes, in place of its parts when it is printed: for a layer of one's own that
    /// is a line among others.
    ///
    /// ```
    /// use cotangent::Params;
    /// use cotangent::nn::{Layers, Linear, Tree};
    ///
    /// let mut params = Params::seeded(0);
    /// let layer = Linear::new(2, 3).build(&mut params.root(), "layer");
    /// let tree = Tree::new("Maxout").with("map", &layer).described("2 → 1, of 3");
    /// assert!(tree.to_string().starts_with("Maxout(2 → 1, of 3)  9\n"));
    /// assert_eq!(tree.parameters()[0].0, "map.weight");
    /// ```
    pub fn described(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// The name of the type; `Param` for a parameter, and `list` or `tuple` for what has no name.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What is to be known of it, if it says so: of a layer its sizes, of a parameter its shape.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The parameter or buffer that this is, if it is one.
    pub fn param(&self) -> Option<&Param> {
        match &self.content {
            Content::Parameter(param) => Some(param),
            _ => None,
        }
    }

    /// Whether nobody says what it consists of: a module behind `dyn Module` without
    /// [`as_layers`](crate::Module::as_layers). What is in it is in no count.
    pub fn is_unknown(&self) -> bool {
        self.content == Content::Unknown
    }

    /// The parts, with their names.
    pub fn parts(&self) -> &[(String, Tree)] {
        &self.parts
    }

    /// The whole and everything in it, each part before what is in it, with its path: names joined by dots, of the whole nothing.
    pub fn walk(&self) -> Vec<(String, &Tree)> {
        let mut found = Vec::new();
        self.walk_from("", &mut found);
        found
    }

    fn walk_from<'t>(&'t self, path: &str, found: &mut Vec<(String, &'t Tree)>) {
        found.push((path.to_owned(), self));
        for (name, part) in &self.parts {
            let dot = if path.is_empty() { "" } else { "." };
            part.walk_from(&format!("{path}{dot}{name}"), found);
        }
    }

    /// All parameters and buffers with their paths; what several parts share, by the first of them.
    pub fn parameters(&self) -> Vec<(String, &Param)> {
        let mut seen = HashSet::new();
        let all = self.walk().into_iter();
        let params = all.filter_map(|(path, part)| part.param().map(|param| (path, param)));
        params.filter(|(_, param)| seen.insert(param.id())).collect()
    }

    /// How many numbers an optimizer changes, frozen ones included.
    pub fn trainable(&self) -> usize {
        self.numbers(Role::Trainable)
    }

    /// How many numbers steps write back, such as running means.
    pub fn buffers(&self) -> usize {
        self.numbers(Role::Buffer)
    }

    fn numbers(&self, role: Role) -> usize {
        let params = self.parameters();
        params.iter().filter(|(_, param)| param.role() == role).map(|(_, p)| p.shape().size()).sum()
    }

    /// The paths of what is [unknown](Self::is_unknown).
    pub fn unknown(&self) -> Vec<String> {
        let parts = self.walk().into_iter().filter(|(_, part)| part.is_unknown());
        parts.map(|(path, _)| path).collect()
    }

    /// Which parameters are in it.
    pub(super) fn ids(&self) -> Vec<ParamId> {
        self.parameters().iter().map(|(_, param)| param.id()).collect()
    }
}
