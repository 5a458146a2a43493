//! From a struct to its `Layers`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Data, DeriveInput, Error, Field, Generics, Index, Member, Path, Result, Type, parse_quote,
};

use crate::attributes::{home, is_skipped};

/// The implementation, or why there is none.
pub fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let home = home(&input.attrs)?;
    let parts = parts(input)?;
    let (name, text) = (&input.ident, input.ident.to_string());
    let with = parts.iter().map(|(member, ty)| {
        let label = label(member);
        // Where a type is no part, it is the field that is shown.
        let part = quote_spanned!(ty.span()=> &self.#member);
        quote!(.with(#label, #part))
    });
    let generics = bounded(&input.generics, &parts, &home);
    let (of, arguments, where_clause) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #of #home::Layers for #name #arguments #where_clause {
            fn tree(&self) -> #home::Tree {
                #home::Tree::new(#text) #(#with)*
            }
        }
    })
}

/// With a bound for each part whose type is made with a parameter of the struct.
fn bounded(generics: &Generics, parts: &[(Member, &Type)], home: &Path) -> Generics {
    let mut bounded = generics.clone();
    let parameters: Vec<&Ident> = generics.type_params().map(|param| &param.ident).collect();
    for (_, ty) in parts.iter().filter(|(_, ty)| mentions(ty, &parameters)) {
        bounded.make_where_clause().predicates.push(parse_quote!(#ty: #home::Layers));
    }
    bounded
}

/// The fields that are parts, with their types.
fn parts(input: &DeriveInput) -> Result<Vec<(Member, &Type)>> {
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(data) => {
            return Err(no_struct(&data.enum_token, "an enum has those of its variant"));
        }
        Data::Union(data) => {
            return Err(no_struct(&data.union_token, "a union does not know its fields"));
        }
    };
    let mut parts = Vec::new();
    for (i, field) in fields.iter().enumerate() {
        if !is_skipped(&field.attrs)? {
            parts.push((member(i, field), &field.ty));
        }
    }
    Ok(parts)
}

fn no_struct(keyword: &impl ToTokens, why: &str) -> Error {
    let rule = format!(
        "`Layers` is derived for structs, whose fields are the parts; {why}: implement it by hand, \
         `fn tree(&self) -> Tree`, with the tree of what is there"
    );
    Error::new_spanned(keyword, rule)
}

fn member(i: usize, field: &Field) -> Member {
    field.ident.clone().map_or(Member::Unnamed(Index::from(i)), Member::Named)
}

/// What a part is called; `r#` belongs to no name.
fn label(member: &Member) -> String {
    match member {
        Member::Named(name) => name.to_string().trim_start_matches("r#").to_owned(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// Whether a type is made with one of these.
fn mentions(ty: &Type, parameters: &[&Ident]) -> bool {
    fn any(tokens: TokenStream, parameters: &[&Ident]) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(name) => parameters.contains(&&name),
            TokenTree::Group(group) => any(group.stream(), parameters),
            _ => false,
        })
    }
    any(ty.to_token_stream(), parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(input: &str) -> String {
        expand(&syn::parse_str(input).unwrap()).unwrap().to_string()
    }

    fn refused(input: &str) -> String {
        expand(&syn::parse_str(input).unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn fields_are_parts_under_their_names_and_skipped_ones_are_not() {
        let text =
            expanded("struct Net { r#in: Linear, #[layers(skip)] depth: usize, out: Linear }");
        assert!(
            text.contains(r#"with ("in" , & self . r#in) . with ("out" , & self . out)"#),
            "{text}"
        );
        let text = expanded("struct Pair(Linear, #[layers(skip)] usize, Linear);");
        assert!(text.contains(r#"with ("0" , & self . 0) . with ("2" , & self . 2)"#), "{text}");
        assert!(expanded("struct Nothing;").contains(r#"Tree :: new ("Nothing")"#));
    }

    #[test]
    fn what_is_made_with_a_parameter_is_a_bound() {
        let text = expanded(
            "struct Both<'a, M: Clone, const N: usize> where M: Copy { a: [Option<M>; N], b: &'a Linear }",
        );
        let bound = "where M : Copy , [Option < M > ; N] : :: cotangent :: nn :: Layers {";
        assert!(text.contains(bound), "{text}");
        assert!(text.contains("impl < 'a , M : Clone , const N : usize >"), "{text}");
    }

    #[test]
    fn the_trait_may_lie_elsewhere() {
        let text = expanded("#[layers(crate = my::nn)] struct Net { a: Linear }");
        assert!(text.contains("impl my :: nn :: Layers for Net"), "{text}");
    }

    #[test]
    fn what_is_no_struct_is_told_the_rule_and_what_to_do() {
        let told = refused("enum Either { Left(Linear), Right(Linear) }");
        assert!(told.contains("derived for structs") && told.contains("an enum"), "{told}");
        assert!(told.contains("implement it by hand"), "{told}");
        assert!(refused("union Bits { a: u32, b: f32 }").contains("a union"));
    }

    #[test]
    fn attributes_that_say_nothing_are_told_what_they_may_say() {
        let told = refused("struct Net { #[layers(ignore)] a: usize }");
        assert!(told.contains("of a field, `layers` takes `skip`"), "{told}");
        let told = refused("#[layers(skip)] struct Net { a: Linear }");
        assert!(told.contains("of a struct, `layers` takes `crate = …`"), "{told}");
    }
}
