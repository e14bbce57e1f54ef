//! The texts of the admins' pages: a table of their own, so that the module for members does without them.

texts! {
    /// The accounts of the house.
    accounts: Accounts {
        title: "Accounts", "Comptes";
        lead: "Everybody who has an account in this house.", "Toutes les personnes qui ont un compte dans cette maison.";
        mails_stuck: "Mails that wait to be sent: {}.", "Messages en attente d’envoi : {}.";
        mails_failed: "The last try failed; the mail server is worth a look.", "Le dernier essai a échoué ; jetez un œil au serveur de messagerie.";
        back: "Back to the accounts", "Retour aux comptes";
        search: "Address or name begins with", "L’adresse ou le nom commence par";
        submit: "Search", "Rechercher";
        all: "All accounts, by address", "Tous les comptes, par adresse";
        matching: "Accounts whose address or name begins with “{}”", "Comptes dont l’adresse ou le nom commence par « {} »";
        address: "Address", "Adresse";
        name: "Name", "Nom";
        role: "Role", "Rôle";
        state: "State", "État";
        factor: "Second factor", "Second facteur";
        since: "Member since", "Membre depuis";
        no_name: "Not given", "Non indiqué";
        open: "Open", "Ouvert";
        locked_since: "Locked since", "Verrouillé depuis le";
        factor_set: "Set up", "Configuré";
        factor_none: "Not set up", "Non configuré";
        none: "Nobody’s address or name begins with “{}”.", "Aucune adresse ni aucun nom ne commence par « {} ».";
        none_hint: "The search compares beginnings, in capital or small letters: fewer letters find more. Whoever has no account yet can be invited.", "La recherche compare les débuts, en majuscules comme en minuscules : moins de lettres trouvent davantage. Une personne qui n’a pas encore de compte peut être invitée.";
        end: "The list has no more accounts.", "La liste ne contient pas d’autres comptes.";
        pages: "Pages of the list", "Pages de la liste";
        first: "First page", "Première page";
        next: "Next page", "Page suivante";
        deleted: "The account is deleted.", "Le compte est supprimé.";
    }
    /// One account, and what an admin does about it.
    account: Account {
        title: "Account", "Compte";
        events: "Security events of this account", "Événements de sécurité de ce compte";
        sessions: "Sessions", "Sessions";
        nobody: "Nobody is signed in to this account right now.", "Personne n’est connecté à ce compte en ce moment.";
        acts: "What you can do", "Ce que vous pouvez faire";
        own: "This is your own account, and nobody locks themself out here: another admin can do so. Your password, your second factor and your sessions are on the security page.", "Ceci est votre propre compte, et personne ne s’enferme dehors ici : un autre administrateur peut s’en charger. Votre mot de passe, votre second facteur et vos sessions se trouvent sur la page de sécurité.";
        needs_script: "This needs JavaScript in your browser.", "Ceci nécessite JavaScript dans votre navigateur.";
        ends: "Sessions that end at once: {}.", "Sessions qui prennent fin immédiatement : {}.";
        reset_link: "Make a link to a new password", "Créer un lien pour un nouveau mot de passe";
        reset_link_label: "Link to a new password, to hand to the owner", "Lien pour un nouveau mot de passe, à remettre au titulaire";
        sign_out: "Sign out everywhere", "Déconnecter partout";
        sign_out_sure: "The owner can sign in again. Sign out everywhere?", "Le titulaire pourra se reconnecter. Déconnecter partout ?";
        signed_out: "Signed out everywhere.", "Déconnecté partout.";
        remove_factor: "Remove the second factor", "Retirer le second facteur";
        remove_factor_sure: "For somebody whom you know and who lost it. The account is then as safe as its password alone, and the recovery codes stop working, too; sessions go on. Remove the second factor?", "Pour une personne que vous connaissez et qui l’a perdu. Le compte ne sera plus protégé que par son mot de passe, et les codes de secours cesseront aussi de fonctionner ; les sessions continuent. Retirer le second facteur ?";
        removed_factor: "The second factor is removed.", "Le second facteur est retiré.";
        promote: "Make admin", "Nommer administrateur";
        promote_sure: "An admin sees every account and may do all that you may do here. Make this account an admin?", "Un administrateur voit tous les comptes et peut faire ici tout ce que vous pouvez faire. Nommer ce compte administrateur ?";
        promoted: "The account is an admin now.", "Le compte est maintenant administrateur.";
        demote: "Make member", "Rendre simple membre";
        demote_sure: "A member only looks after their own account. Make this account a member?", "Un membre ne s’occupe que de son propre compte. Rendre ce compte simple membre ?";
        demoted: "The account is a member now.", "Le compte est maintenant simple membre.";
        lock: "Lock", "Verrouiller";
        lock_sure: "Until it is unlocked, nobody can sign in to this account. Lock it?", "Tant qu’il n’est pas déverrouillé, personne ne peut se connecter à ce compte. Le verrouiller ?";
        locked: "The account is locked.", "Le compte est verrouillé.";
        unlock: "Unlock", "Déverrouiller";
        unlocked: "The account is open again.", "Le compte est de nouveau ouvert.";
        delete: "Delete for good", "Supprimer définitivement";
        delete_sure: "The account goes with its password, second factor, recovery codes and sessions; only the security events stay. Nothing brings it back. Delete it for good?", "Le compte disparaît avec son mot de passe, son second facteur, ses codes de secours et ses sessions ; seuls les événements de sécurité restent. Rien ne le fera revenir. Le supprimer définitivement ?";
        last_admin: "The house always keeps an admin who can sign in, and this is the last one. Make somebody else admin first.", "La maison garde toujours un administrateur qui peut se connecter, et celui-ci est le dernier. Nommez d’abord quelqu’un d’autre.";
        no_admin: "You are no longer an admin, so nothing was done.", "Vous n’êtes plus administrateur : rien n’a été fait.";
        gone: "This is no longer there. Please look at the account again.", "Ceci n’existe plus. Veuillez revoir le compte.";
    }
    /// The invitations to the house.
    invitations: Invitations {
        title: "Invitations", "Invitations";
        lead: "An invitation is a link with which one person makes an account, also where sign-up is not open to everybody.", "Une invitation est un lien avec lequel une personne crée un compte, même lorsque l’inscription n’est pas ouverte à tous.";
        closed: "Sign-up is closed in this house, so no invitation opens it for now.", "L’inscription est fermée dans cette maison : pour l’instant, aucune invitation ne l’ouvre.";
        new: "Invite somebody", "Inviter quelqu’un";
        role: "Role of the new account", "Rôle du nouveau compte";
        role_hint: "An admin looks after every account of the house.", "Un administrateur s’occupe de tous les comptes de la maison.";
        days: "The link works for", "Le lien fonctionne pendant";
        one_day: "1 day", "1 jour";
        one_week: "7 days", "7 jours";
        one_month: "30 days", "30 jours";
        note: "For whom (optional)", "Pour qui (facultatif)";
        note_hint: "A note for the admins of this house.", "Une note pour les administrateurs de cette maison.";
        submit: "Make the invitation", "Créer l’invitation";
        link: "Link to hand to the person", "Lien à remettre à la personne";
        open: "Invitations that still work", "Invitations encore valables";
        none: "No invitation is waiting.", "Aucune invitation n’est en attente.";
        none_hint: "Make one for whoever shall have an account, and hand the link over yourself. It works once, for one account, until it expires or you take it back.", "Créez-en une pour qui doit avoir un compte, et remettez le lien vous-même. Il sert une fois, pour un seul compte, jusqu’à son expiration ou jusqu’à ce que vous le repreniez.";
        no_note: "Without a note", "Sans note";
        made: "made on", "créée le";
        until: "works until", "valable jusqu’au";
        revoke: "Take back", "Reprendre";
        revoke_sure: "The link stops working at once. Take the invitation back?", "Le lien cesse immédiatement de fonctionner. Reprendre l’invitation ?";
        revoked: "The invitation is taken back.", "L’invitation est reprise.";
    }
    /// A link that is shown once.
    handed: Handed {
        once: "Shown only now: whoever holds it can use it, so hand it over in person or by a way that you trust.", "Affiché maintenant seulement : quiconque le détient peut l’utiliser. Remettez-le en personne ou par une voie sûre.";
        until: "It works until", "Il fonctionne jusqu’au";
    }
    /// The keyrings, the checklist and the incidents.
    keys: Keys {
        title: "Keys", "Clés";
        lead: "Two rings: the keys of one sign access tokens, those of the other wrap the keys of sealed data. No key is ever shown.", "Deux trousseaux : les clés de l’un signent les jetons d’accès, celles de l’autre protègent les clés des données scellées. Aucune clé n’est jamais affichée.";
        instances: "Processes that serve right now: {}.", "Processus en service en ce moment : {}.";
        sessions: "Sessions that go on right now: {}.", "Sessions en cours en ce moment : {}.";
        needs_script: "Rotating, undoing and revoking need JavaScript in your browser, or the command line: <code>concierge key rotate</code>, <code>concierge key rotate --undo</code>, <code>concierge key revoke</code>.", "Renouveler, annuler et révoquer nécessitent JavaScript dans votre navigateur, ou la ligne de commande : <code>concierge key rotate</code>, <code>concierge key rotate --undo</code>, <code>concierge key revoke</code>.";
    }
    /// The eight things that must be right about the keys.
    checklist: Checklist {
        title: "Checklist", "Points à vérifier";
        ticked: "In order: {} of {}.", "En ordre : {} sur {}.";
        right: "In order", "En ordre";
        wrong: "To do", "À faire";
        waived: "Not asked for here", "Non demandé ici";
        made_securely: "Made by a good source of randomness", "Créées par une bonne source de hasard";
        long_enough: "Long enough: 256 bits or more", "Assez longues : 256 bits ou plus";
        random_enough: "Random enough to pass the strength test", "Assez aléatoires pour passer le test de robustesse";
        closed_files: "Kept in files that nobody else can read", "Gardées dans des fichiers que personne d’autre ne peut lire";
        right_place: "In the place that suits this environment, and of no other", "À l’endroit qui convient à cet environnement, et d’aucun autre";
        rotation_planned: "Rotation is planned and not overdue", "Le renouvellement est prévu et n’a pas de retard";
        watched_over: "Events are recorded, and somebody is told", "Les événements sont consignés, et quelqu’un est prévenu";
        recovery_ready: "A backup was verified lately, and the guides are at hand", "Une sauvegarde a été vérifiée récemment, et les guides sont à portée de main";
    }
    /// One ring, and what an admin does about it.
    ring: Ring {
        signing: "Signing ring", "Trousseau de signature";
        signing_text: "Signs access tokens, and nothing else.", "Signe les jetons d’accès, et rien d’autre.";
        sealing: "Sealing ring", "Trousseau de scellement";
        sealing_text: "Wraps the keys that seal data at rest, and nothing else.", "Protège les clés qui scellent les données au repos, et rien d’autre.";
        empty: "This ring has no key.", "Ce trousseau n’a pas de clé.";
        pending: "Pending: accepted everywhere, not yet in use", "En attente : acceptée partout, pas encore en service";
        active: "Active: in use", "Active : en service";
        grace: "In grace: still accepted, no longer in use", "En sursis : encore acceptée, plus en service";
        retired: "Retired: refused, and its use is counted", "Retirée : refusée, et son usage est compté";
        revoked: "Revoked: refused, since somebody else may have it", "Révoquée : refusée, car quelqu’un d’autre l’a peut-être";
        age: "Age", "Âge";
        age_days: "{} days, made on {}", "{} jours, créée le {}";
        age_day: "1 day, made on {}", "1 jour, créée le {}";
        age_new: "less than a day, made on {}", "moins d’un jour, créée le {}";
        age_unknown: "not known", "inconnu";
        due: "Rotate by", "À renouveler avant le";
        due_never: "no date: keys do not age here", "pas de date : les clés ne vieillissent pas ici";
        overdue: "{}: overdue", "{} : en retard";
        until: "Accepted until", "Acceptée jusqu’au";
        needed_by: "Still needed by", "Encore nécessaire pour";
        nothing: "nothing", "rien";
        tokens: "access tokens", "les jetons d’accès";
        session: "sessions", "les sessions";
        device: "known devices", "les appareils connus";
        digest: "digests of tokens", "les empreintes des jetons";
        audit: "the chain of the events", "la chaîne des événements";
        totp: "second factors", "les seconds facteurs";
        mail: "mails that wait", "les messages en attente";
        alert: "where alerts go", "les destinations des alertes";
        lives: "Lives in", "Se trouve dans";
        alg: "Algorithm", "Algorithme";
        read_only: "This ring can’t be rotated from here.", "Ce trousseau ne peut pas être renouvelé d’ici.";
        rotate: "Rotate", "Renouveler";
        rotate_sure: "A new key becomes active as soon as every process has taken it in, and the old one is accepted for a while yet. Nobody notices. Rotate this ring?", "Une nouvelle clé entre en service dès que chaque processus l’a reçue, et l’ancienne reste acceptée un certain temps. Personne ne le remarque. Renouveler ce trousseau ?";
        rotating: "Waiting until every process has taken the new key in. This can take up to a minute …", "En attente que chaque processus ait reçu la nouvelle clé. Cela peut prendre jusqu’à une minute …";
        undo: "Undo the rotation", "Annuler le renouvellement";
        undo_sure: "The key in grace becomes active again, and the one that is active now goes into grace. Nobody notices. Undo the rotation?", "La clé en sursis redevient active, et celle qui est active maintenant passe en sursis. Personne ne le remarque. Annuler le renouvellement ?";
        undoing: "Making the key in grace active again. This can take up to a minute …", "La clé en sursis redevient active. Cela peut prendre jusqu’à une minute …";
        changed: "Active now: {}. The key before, {}, is accepted until {}. Processes that took the change in: {}.", "Active maintenant : {}. La clé précédente, {}, est acceptée jusqu’au {}. Processus qui ont reçu le changement : {}.";
        refused: "Something stands in the way, and the key in use is still the same.", "Quelque chose l’empêche, et la clé en service est toujours la même.";
        gone: "The keys have changed meanwhile, and this is no longer possible. Please look at them again.", "Les clés ont changé entre-temps, et ceci n’est plus possible. Veuillez les revoir.";
    }
    /// Revoking a key.
    revoke: Revoke {
        label: "Revoke and end every session", "Révoquer et fermer toutes les sessions";
        heading: "Revoke {}?", "Révoquer {} ?";
        sure: "For a key that somebody else may have: it is refused everywhere within a second, and nothing brings it back. Sessions that end at once, yours too: {}. Everybody signs in again.", "Pour une clé que quelqu’un d’autre a peut-être : elle est refusée partout en une seconde, et rien ne la fera revenir. Sessions qui prennent fin immédiatement, la vôtre comprise : {}. Chacun devra se reconnecter.";
        reason: "Reason", "Raison";
        reason_hint: "It stands in the incident: where the key was seen, and by whom. Never the key itself.", "Elle figure dans l’incident : où la clé a été vue, et par qui. Jamais la clé elle-même.";
        yes: "Revoke now", "Révoquer maintenant";
        revoking: "Revoking the key and ending every session …", "Révocation de la clé et fermeture de toutes les sessions …";
        refused: "Something stands in the way, and the revoke did not go through to its end.", "Quelque chose l’empêche, et la révocation n’est pas allée à son terme.";
        no_key: "{} is revoked and every session has ended. This program can’t write the new key where it lives: set one there as concierge key revoke says, and start the server again. Until then nobody can sign in.", "{} est révoquée et toutes les sessions ont pris fin. Ce programme ne peut pas écrire la nouvelle clé à l’endroit où elle se trouve : définissez-en une là-bas, comme l’indique concierge key revoke, et redémarrez le serveur. D’ici là, personne ne peut se connecter.";
        no_key_yet: "{} is revoked and every session has ended. The new key could not be written where the keys live: concierge key revoke, given once more when that can be reached again, says why or writes it. Until then nobody can sign in.", "{} est révoquée et toutes les sessions ont pris fin. La nouvelle clé n’a pas pu être écrite à l’endroit où se trouvent les clés : relancez concierge key revoke quand cet endroit est de nouveau accessible ; la commande l’écrit ou dit pourquoi elle ne le peut pas. D’ici là, personne ne peut se connecter.";
    }
    /// What became of compromised keys.
    incidents: Incidents {
        title: "Incidents", "Incidents";
        none: "No key was ever revoked.", "Aucune clé n’a jamais été révoquée.";
        none_hint: "A key that is revoked leaves a record here: when, why and by whom, and how many sessions ended with it.", "Une clé révoquée laisse une trace ici : quand, pourquoi et par qui, et combien de sessions ont pris fin avec elle.";
        key: "Key", "Clé";
        of_signing: "{}, of the signing ring", "{}, du trousseau de signature";
        of_sealing: "{}, of the sealing ring", "{}, du trousseau de scellement";
        reason: "Reason", "Raison";
        by: "Revoked by", "Révoquée par";
        on: "{} on {}", "{} sur {}";
        sessions: "Sessions", "Sessions";
        counts: "{} before, {} right after", "{} avant, {} juste après";
        notes: "Notes", "Notes";
        no_notes: "None yet. concierge key incident note adds one.", "Aucune pour l’instant. concierge key incident note en ajoute une.";
    }
}
