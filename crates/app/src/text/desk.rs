//! The texts of the pages behind the door, and of those that few ever need: a table of their own, so that the module
//! for visitors does without them.

texts! {
    /// Words that several of these pages need.
    common: Common {
        cancel: "Cancel", "Annuler";
        copy: "Copy", "Copier";
        copied: "Copied.", "Copié.";
        download: "Download", "Télécharger";
        print: "Print", "Imprimer";
        back: "Back", "Retour";
        loading: "Loading …", "Chargement …";
        again: "Try again", "Réessayer";
        token: "Token of the mail", "Jeton du message";
        token_hint: "Filled in by the link; otherwise paste it here.", "Rempli par le lien ; sinon, collez-le ici.";
    }
}
