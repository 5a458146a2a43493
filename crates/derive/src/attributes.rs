//! What `#[layers(…)]` says.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Path, Result, parse_quote};

/// Where the trait is, by the attributes of a struct.
pub fn home(attributes: &[Attribute]) -> Result<Path> {
    let mut home = parse_quote!(::cotangent::nn);
    each(attributes, |meta| match meta.path.is_ident("crate") {
        true => meta.value()?.call(Path::parse_mod_style).map(|path| home = path),
        false => {
            Err(meta
                .error("of a struct, `layers` takes `crate = …`, the path of the trait's module"))
        }
    })?;
    Ok(home)
}

/// Whether a field is no part, by its attributes.
pub fn is_skipped(attributes: &[Attribute]) -> Result<bool> {
    let mut skipped = false;
    each(attributes, |meta| match meta.path.is_ident("skip") {
        true => {
            skipped = true;
            Ok(())
        }
        false => Err(meta.error("of a field, `layers` takes `skip`, for one that holds no layers")),
    })?;
    Ok(skipped)
}

fn each(
    attributes: &[Attribute],
    mut said: impl FnMut(ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    let own = attributes.iter().filter(|attribute| attribute.path().is_ident("layers"));
    own.into_iter().try_for_each(|attribute| attribute.parse_nested_meta(&mut said))
}
