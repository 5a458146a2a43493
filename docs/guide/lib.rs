//! The guide's listings: each page is documentation of a module here, so that `cargo test` compiles
//! and runs what readers see.

macro_rules! pages {
    ($($page:ident),* $(,)?) => {
        $(
            #[doc = include_str!(concat!("src/", stringify!($page), ".md"))]
            pub mod $page {}
        )*

        /// The pages whose listings are tested, by the names of their files.
        pub const PAGES: &[&str] = &[$(stringify!($page)),*];
    };
}

pages!(
    introduction,
    installation,
    first_model,
    layers,
    operations,
    linear_algebra,
    optimizers,
    loops,
    checking,
    saving,
    many_machines,
    not_finite,
    speed,
    lectures,
    from_pytorch,
    pytorch_names,
    parity,
    from_jax,
);

#[cfg(test)]
mod tests {
    use super::PAGES;

    fn read(page: &str) -> String {
        let path = format!("{}/src/{page}.md", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The pages and headings that a text links to.
    fn links(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
        text.split("](").skip(1).filter_map(|rest| {
            let (page, heading) = rest.split_once(')')?.0.split_once(".md")?;
            Some((page, heading.strip_prefix('#')))
        })
    }

    #[test]
    fn the_listings_of_every_page_are_tested() {
        let summary = read("SUMMARY");
        assert!(links(&summary).map(|(page, _)| page).eq(PAGES.iter().copied()));
    }

    #[test]
    fn links_lead_to_pages_and_headings() {
        let texts = PAGES.iter().map(|page| read(page)).collect::<String>();
        assert!(links(&texts).count() > PAGES.len());
        for (page, heading) in links(&texts) {
            assert!(PAGES.contains(&page), "there is no page {page:?}");
            let Some(heading) = heading else { continue };
            let slug =
                |line: &str| Some(line.strip_prefix("## ")?.to_lowercase().replace(' ', "-"));
            let headings: Vec<_> = read(page).lines().filter_map(slug).collect();
            assert!(headings.iter().any(|slug| slug == heading), "{page}: {headings:?}");
        }
    }
}
