use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

/// The folder that the process that is to be killed writes into.
const FOLDER: &str = "ATOMIC_TEST_FOLDER";

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_failed_write_leaves_the_old_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    write_atomically(&path, b"old").unwrap();
    write_atomically(&path, b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    // A folder cannot be replaced by a file.
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    assert_eq!(write_atomically(&taken, b"new").unwrap_err().kind(), io::ErrorKind::IsADirectory);
    assert!(write_atomically(folder.path().join("model/inside"), b"new").is_err());
    assert_eq!(names(folder.path()), ["model", "taken"]);
}

#[test]
fn what_can_be_written_is_known_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    write_atomically(&path, b"old").unwrap();
    check_writable(&path).unwrap();
    check_writable(folder.path().join("new")).unwrap();
    check_writable(folder.path().join("missing/new")).unwrap_err();
    check_writable(path.join("inside")).unwrap_err();
    check_writable(folder.path()).unwrap_err();
    assert_eq!(
        (fs::read(&path).unwrap(), names(folder.path())),
        (b"old".to_vec(), vec!["model".into()])
    );
}

#[test]
fn abandoned_files_of_the_same_target_are_removed_and_live_ones_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my-model");
    let place = |name: &str| {
        let path = folder.path().join(name);
        fs::write(&path, b"a part").unwrap();
        File::open(path).unwrap()
    };
    drop(place(".partial-my-model-abc123"));
    drop(place(".partial-other-abc123"));
    drop(place(".partial-my-abc123"));
    let live = place(".partial-my-model-xyz789");
    live.lock().unwrap();
    write_atomically(&path, b"whole").unwrap();
    let kept = [".partial-my-abc123", ".partial-my-model-xyz789", ".partial-other-abc123"];
    assert_eq!(names(folder.path()), [&kept[..], &["my-model"]].concat());
    // The process has ended. What another test starts meanwhile holds a copy of the lock until it is a program of
    // its own.
    drop(live);
    for _ in 0..100 {
        remove_abandoned(folder.path(), None).unwrap();
        if names(folder.path()).len() == 1 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(names(folder.path()), ["my-model"]);
}

/// This test is also the process that it kills: one that writes a file again and again.
#[test]
fn killed_at_any_moment_nothing_is_left_behind_for_long() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        loop {
            write_atomically(Path::new(&folder).join("model"), &vec![1; 1 << 22]).unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut left = 0;
    for kill in 0..20 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "atomic::tests::killed_at_any_moment_nothing_is_left_behind_for_long",
            ])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // So that it has begun, and another moment each time.
        while !folder.path().join("model").exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(500 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
        let names = names(folder.path());
        let partial = names.iter().filter(|name| name.starts_with(PREFIX)).count();
        assert!(partial <= 1, "the next one removes what the last has left: {names:?}");
        left += partial;
        fs::remove_file(folder.path().join("model")).unwrap();
    }
    assert!(left > 0, "none was killed while it wrote");
    write_atomically(folder.path().join("model"), b"whole").unwrap();
    assert_eq!(names(folder.path()), ["model"]);
}

#[test]
fn two_at_once_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..50 {
                    write_atomically(path, &[writer; 1000]).unwrap();
                    let seen = fs::read(path).unwrap();
                    assert!(seen.len() == 1000 && seen.iter().all(|byte| *byte == seen[0]));
                }
            });
        }
    });
    assert_eq!(names(folder.path()), ["model"]);
}

#[test]
fn names_as_long_as_systems_allow_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("é".repeat(127));
    write_atomically(&path, b"whole").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"whole");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn symbolic_links_are_followed_and_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link, chain) =
            (folder.path().join("real"), folder.path().join("link"), folder.path().join("chain"));
        fs::create_dir(&real).unwrap();
        symlink("real/model", &link).unwrap();
        symlink(&link, &chain).unwrap();
        // It leads to nothing yet.
        for contents in [b"one", b"two"] {
            write_atomically(&chain, contents).unwrap();
            assert_eq!(fs::read(real.join("model")).unwrap(), contents);
        }
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("real/model"));
        assert_eq!(names(folder.path()), ["chain", "link", "real"]);
        let circle = folder.path().join("circle");
        symlink(&circle, &circle).unwrap();
        let error = write_atomically(&circle, b"never").unwrap_err();
        assert!(error.to_string().contains("too many symbolic links"), "{error}");
    }

    #[test]
    fn permissions_are_kept_and_new_files_get_those_of_any_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, plain) = (folder.path().join("model"), folder.path().join("plain"));
        fs::write(&plain, b"").unwrap();
        write_atomically(&path, b"old").unwrap();
        assert_eq!(mode(&path), mode(&plain));
        for kept in [0o600, 0o444, 0o664] {
            fs::set_permissions(&path, fs::Permissions::from_mode(kept)).unwrap();
            write_atomically(&path, b"new").unwrap();
            assert_eq!(mode(&path), kept);
        }
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let error = write_atomically(&path, b"never").unwrap_err();
        assert_eq!(error.to_string(), "only a file can be replaced by a file");
    }
}
