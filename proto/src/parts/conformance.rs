//! What every part store must do, as a suite to run on a store that holds
//! nothing yet under its prefix.

use super::{Error, Object, Parts};

/// Runs the whole suite.
///
/// # Panics
/// At the first promise that is not kept.
pub async fn run(parts: &Parts) {
    an_object_is_there_once_it_is_put(parts).await;
    putting_again_changes_nothing(parts).await;
    a_listing_is_ascending_and_of_one_folder(parts).await;
    a_range_is_cut_at_the_end(parts).await;
    what_is_missing_is_told_as_missing(parts).await;
    concurrent_puts_of_one_object_leave_one_whole(parts).await;
}

async fn an_object_is_there_once_it_is_put(parts: &Parts) {
    assert!(!parts.has("put/one").await.unwrap());
    parts.put("put/one", b"first".to_vec()).await.unwrap();
    assert!(parts.has("put/one").await.unwrap());
    assert_eq!(parts.get("put/one").await.unwrap(), b"first"[..]);
}

async fn putting_again_changes_nothing(parts: &Parts) {
    parts.put("again/one", b"same".to_vec()).await.unwrap();
    parts.put("again/one", b"same".to_vec()).await.unwrap();
    assert_eq!(parts.list("again").await.unwrap().len(), 1);
    assert_eq!(parts.get("again/one").await.unwrap(), b"same"[..]);
}

async fn a_listing_is_ascending_and_of_one_folder(parts: &Parts) {
    for name in ["list/b", "list/a", "listing/z"] {
        parts.put(name, name.as_bytes().to_vec()).await.unwrap();
    }
    let object = |name: &str| Object { name: name.into(), size_bytes: 6 };
    assert_eq!(parts.list("list").await.unwrap(), [object("a"), object("b")]);
    assert_eq!(parts.list("nothing").await.unwrap(), []);
}

async fn a_range_is_cut_at_the_end(parts: &Parts) {
    parts.put("range/one", b"0123456789".to_vec()).await.unwrap();
    assert_eq!(parts.get_range("range/one", 2..5).await.unwrap(), b"234"[..]);
    assert_eq!(parts.get_range("range/one", 0..65_536).await.unwrap(), b"0123456789"[..]);
}

async fn what_is_missing_is_told_as_missing(parts: &Parts) {
    assert!(matches!(parts.get("missing/one").await, Err(Error::Missing(_))));
    parts.put("missing/two", b"x".to_vec()).await.unwrap();
    parts.delete("missing/two").await.unwrap();
    parts.delete("missing/two").await.unwrap();
    assert!(!parts.has("missing/two").await.unwrap());
}

async fn concurrent_puts_of_one_object_leave_one_whole(parts: &Parts) {
    let bytes = vec![7; 1 << 20];
    let puts = (0..8).map(|_| parts.put("race/one", bytes.clone()));
    futures::future::try_join_all(puts).await.unwrap();
    assert_eq!(parts.get("race/one").await.unwrap(), bytes);
    assert_eq!(parts.list("race").await.unwrap().len(), 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_conforms() {
        run(&Parts::open("memory:", ".".as_ref()).unwrap()).await;
    }

    #[tokio::test]
    async fn files_conform() {
        let folder = tempfile::tempdir().unwrap();
        run(&Parts::open("file:some/parts", folder.path()).unwrap()).await;
    }

    #[test]
    fn an_unknown_kind_of_store_is_refused_with_a_hint() {
        let error = Parts::open("ftp://host", ".".as_ref()).unwrap_err().to_string();
        assert!(error.contains("ftp://host") && error.contains("hint: "), "{error}");
    }
}
