//! What a page says after something was done. The query names it by a word of this list; no other text gets onto the page.

/// The sentence for the `done` parameter; `None` if it is no word of ours.
pub fn sentence(done: Option<&str>) -> Option<&'static str> {
    Some(match done? {
        "signed-out" => "You are signed out in this browser.",
        "signed-out-everywhere" => "You are signed out everywhere.",
        "set-up" => "The account was created. Sign in with it.",
        "password-chosen" => "Your password was saved. Sign in with it.",
        "password-changed" => "Your password was changed, and you were signed out everywhere else.",
        "access-removed" => "Access was removed. It ended at once.",
        "token-revoked" => "The API token was revoked. It is good for nothing from its next use on.",
        "tokens-revoked" => "The API tokens were revoked. They are good for nothing from their next use on.",
        "import-source-added" => "The import source was registered. Make a token for it next.",
        "import-source-removed" => "The import source was removed, and its token is over.",
        "import-token-ended" => "The token was ended. It is good for nothing from its next use on.",
        "session-ended" => "The session was ended.",
        "sessions-ended" => "The sessions were ended.",
        "redirect-uris-saved" => "The redirection URIs were saved.",
        "shared" => "The app is shared: everybody on a site where it is installed may allow it.",
        "not-shared" => "The app is not shared any more. Who allowed it before stays.",
        "contributor-added" => "The contributor was added.",
        "contributor-removed" => "The contributor was removed.",
        "installed" => "The app was installed.",
        "approved" => "The new version was approved.",
        "refused" => "The new version was refused. What was approved before stays as it is.",
        "installation-suspended" => "The app was suspended. Nothing that was issued to it here is live.",
        "installation-resumed" => "The app was resumed.",
        "uninstalled" => "The app was uninstalled. Everything that was issued to it here is over.",
        "uninstalled-untold" => {
            "The app was uninstalled, and everything that was issued to it here is over. It could not be told of that."
        }
        "told" => "The app was told.",
        "secret-rotated" => "The app has a new shared secret. What it signs with the former one is not taken any more.",
        "declined" => "The request was declined.",
        "requested" => "Your request was sent. It waits for an admin of the site.",
        "suspended" => "The account was suspended. Its sessions were ended, and no token of it is honoured.",
        "resumed" => "The account was resumed.",
        "site-added" => "The site was added.",
        "site-changed" => "The site was changed.",
        "member-added" => "They are a member of the site now.",
        "member-changed" => "What they may do on the site was changed.",
        "member-removed" => "They were removed from the site. What they allowed apps there ended at once.",
        "group-added" => "The group was made. Put somebody in it next.",
        "group-removed" => "The group was removed. Nobody holds by it any more what it held.",
        "group-member-added" => "They are in the group. What it holds, they hold from the next decision on.",
        "group-member-removed" => "They are out of the group, and hold by it nothing any more.",
        "role-given" => "The role was given. It counts from the next decision on.",
        "role-taken" => "The role was taken. It counts for nothing from the next decision on.",
        "no-admin-left" => {
            "It is done. Nobody on the site is its admin now: administrators of this server decide about it."
        }
        "site-removed" => "Access on that site was removed. It ended at once.",
        _ => return None,
    })
}
