//! What the documentation owes its readers, counted: panics that are said, examples that are there.
//!
//! The sources are parsed, not searched. Rows of the table of elementwise functions are tokens of a
//! macro, which says their panics for all of them at once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, ImplItem, Item, Lit, Meta, Type, UseTree, Visibility};

/// Tracked methods of `Var` and `Graph` that cannot panic by a mistake in their arguments.
const NEVER_PANIC: [(&str, &str); 12] = [
    ("Graph::arange", "any count is a shape"),
    ("Graph::constant", "any array is a constant"),
    ("Graph::full", "any number fills any shape"),
    ("Graph::index_input", "any shape is one of an input"),
    ("Graph::input", "any shape is one of an input"),
    ("Graph::line", "it reads where the caller is"),
    ("Graph::machine_epsilon", "every precision has its own"),
    ("Graph::refused", "what it refuses is an error of the run"),
    ("Graph::typed_input", "any type is one of an input"),
    ("Var::flatten", "every array has its elements in a row"),
    ("Var::stop_gradient", "any value can be held constant"),
    ("Var::to_real", "every kind has its reals"),
];

/// The crates of which every public type, trait and function has an example, or leads to one.
const WITH_EXAMPLES: [&str; 10] =
    ["check", "data", "derive", "graph", "minimize", "mpi", "nn", "optim", "program", "train"];

/// Macros that write a `pub use` of what they are given.
const LISTS: [&str; 2] = ["exported", "operations"];

#[test]
fn tracked_methods_of_variables_and_graphs_say_when_they_panic() {
    let mut silent = BTreeSet::new();
    let mut said = 0;
    for file in sources("graph") {
        for (method, docs) in tracked_methods(&file.items) {
            if docs.lines().any(|line| line.trim() == "# Panics") {
                said += 1;
            } else {
                silent.insert(method);
            }
        }
    }
    assert!(said > 80, "only {said} tracked methods were found");
    let excepted = NEVER_PANIC.map(|(method, _)| method.to_owned()).into();
    assert_eq!(silent, excepted, "left: without `# Panics`; right: those that never panic");
}

#[test]
fn public_items_have_an_example_or_lead_to_one() {
    let documented = WITH_EXAMPLES.map(|name| (name, public_items(&sources(name))));
    let items =
        || documented.iter().flat_map(|(name, items)| items.iter().map(move |it| (name, it)));
    let with_example = items().filter(|(_, (_, docs))| has_example(docs));
    let shown: HashSet<&str> = with_example.map(|(_, (item, _))| item.as_str()).collect();
    assert!(shown.len() > 150, "only {} items with an example were found", shown.len());
    let leads = |docs| has_example(docs) || links(docs).any(|to| shown.contains(to));
    let missing: BTreeSet<String> = items()
        .filter(|(_, (_, docs))| !leads(docs))
        .map(|(name, (item, _))| format!("{name}: {item}"))
        .collect();
    assert!(missing.is_empty(), "without an example or a link to one: {missing:#?}");
}

/// A parsed file of a crate, and whether the path of its module is public.
struct Source {
    items: Vec<Item>,
    docs: String,
    open: bool,
}

/// The files of a crate that a user's build holds, from its root along the modules.
fn sources(name: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(name).join("src");
    let mut sources = Vec::new();
    let mut ahead = vec![(root.join("lib.rs"), root, true)];
    while let Some((path, folder, open)) = ahead.pop() {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        let file = syn::parse_file(&text).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        for item in &file.items {
            if let Item::Mod(module) = item
                && module.content.is_none()
                && !for_tests(&module.attrs)
            {
                let below = folder.join(module.ident.to_string());
                ahead.push((file_of(&below), below, open && is_public(&module.vis)));
            }
        }
        sources.push(Source { items: file.items, docs: docs(&file.attrs), open });
    }
    sources
}

fn file_of(module: &Path) -> PathBuf {
    let file = module.with_extension("rs");
    if file.exists() { file } else { module.join("mod.rs") }
}

/// The public tracked methods of `Var` and `Graph` that answer no `Result`, with their documentation:
/// what answers one says its `# Errors` instead.
fn tracked_methods(items: &[Item]) -> Vec<(String, String)> {
    let mut methods = Vec::new();
    for item in items {
        let Item::Impl(block) = item else { continue };
        let Some(owner) = name_of(&block.self_ty) else { continue };
        if block.trait_.is_some() || !["Var", "Graph"].contains(&owner.as_str()) {
            continue;
        }
        for item in &block.items {
            if let ImplItem::Fn(method) = item
                && is_public(&method.vis)
                && method.attrs.iter().any(|attr| attr.path().is_ident("track_caller"))
                && !answers_result(&method.sig.output)
            {
                methods.push((format!("{owner}::{}", method.sig.ident), docs(&method.attrs)));
            }
        }
    }
    methods
}

fn answers_result(output: &syn::ReturnType) -> bool {
    match output {
        syn::ReturnType::Type(_, ty) => name_of(ty).is_some_and(|name| name == "Result"),
        syn::ReturnType::Default => false,
    }
}

/// The public types, traits and functions of a crate: those in public modules, and those that a
/// `pub use` names, or one of the [`LISTS`] from which it is written. The documentation of an item is
/// its own, its methods' and its module's.
fn public_items(sources: &[Source]) -> HashMap<String, String> {
    let mut exported = HashSet::new();
    for item in sources.iter().flat_map(|source| &source.items) {
        if let Item::Use(item) = item
            && is_public(&item.vis)
        {
            names(&item.tree, &mut exported);
        }
        if let Item::Macro(list) = item
            && let Some(last) = list.mac.path.segments.last()
            && LISTS.iter().any(|name| last.ident == name)
        {
            exported.extend(list.mac.tokens.clone().into_iter().map(|token| token.to_string()));
        }
    }
    let mut public = HashMap::new();
    for source in sources {
        for item in &source.items {
            if let Some((name, vis, attrs)) = declared(item)
                && is_public(vis)
                && (source.open || exported.contains(&name))
                && !for_tests(attrs)
            {
                public.insert(name, format!("{}\n{}", source.docs, docs(attrs)));
            }
        }
    }
    for item in sources.iter().flat_map(|source| &source.items) {
        if let Item::Impl(block) = item
            && let Some(docs_of) = name_of(&block.self_ty).and_then(|name| public.get_mut(&name))
        {
            for item in &block.items {
                if let ImplItem::Fn(method) = item {
                    *docs_of += &docs(&method.attrs);
                }
            }
        }
    }
    public
}

fn declared(item: &Item) -> Option<(String, &Visibility, &[Attribute])> {
    let (ident, vis, attrs) = match item {
        Item::Struct(item) => (&item.ident, &item.vis, &item.attrs),
        Item::Enum(item) => (&item.ident, &item.vis, &item.attrs),
        Item::Trait(item) => (&item.ident, &item.vis, &item.attrs),
        Item::Fn(item) => (&item.sig.ident, &item.vis, &item.attrs),
        _ => return None,
    };
    Some((ident.to_string(), vis, attrs))
}

fn names(tree: &UseTree, into: &mut HashSet<String>) {
    match tree {
        UseTree::Path(path) => names(&path.tree, into),
        UseTree::Name(name) => drop(into.insert(name.ident.to_string())),
        UseTree::Rename(rename) => drop(into.insert(rename.ident.to_string())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| names(tree, into)),
        UseTree::Glob(_) => {}
    }
}

fn is_public(vis: &Visibility) -> bool {
    matches!(vis, Visibility::Public(_))
}

fn for_tests(attrs: &[Attribute]) -> bool {
    const CONDITIONS: [&str; 2] = ["test", r#"any (test , feature = "testing")"#];
    attrs.iter().any(|attr| match &attr.meta {
        Meta::List(list) => {
            let condition = list.tokens.to_string();
            list.path.is_ident("cfg") && CONDITIONS.contains(&&*condition)
        }
        _ => false,
    })
}

/// The last name of a type's path: `Var` of `crate::Var<'g>`.
fn name_of(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
}

/// The text of documentation comments.
fn docs(attrs: &[Attribute]) -> String {
    let mut text = String::new();
    for attr in attrs {
        if let Meta::NameValue(doc) = &attr.meta
            && doc.path.is_ident("doc")
            && let Expr::Lit(literal) = &doc.value
            && let Lit::Str(line) = &literal.lit
        {
            text += &line.value();
            text.push('\n');
        }
    }
    text
}

fn has_example(docs: &str) -> bool {
    docs.contains("```")
}

/// The names of the items to which documentation links: the last part of each path in brackets.
fn links(docs: &str) -> impl Iterator<Item = &str> {
    docs.split("[`").skip(1).flat_map(|rest| {
        let path = rest.split('`').next().unwrap_or_default();
        path.split("::")
    })
}
