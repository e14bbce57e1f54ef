//! The texts of the pages behind the door, and of those that few ever need: a table of their own, so that the module
//! for visitors does without them.

texts! {
    /// Words that several of these pages need.
    common: Common {
        cancel: "Cancel", "Annuler";
        copy: "Copy", "Copier";
        copied: "Copied.", "Copié.";
        not_copied: "The browser did not allow copying. Please select the text and copy it yourself.", "Le navigateur n’a pas autorisé la copie. Sélectionnez le texte et copiez-le vous-même.";
        download: "Download", "Télécharger";
        print: "Print", "Imprimer";
        loading: "Loading …", "Chargement …";
        again: "Try again", "Réessayer";
        token: "Token of the mail", "Jeton du message";
        token_hint: "Filled in by the link; otherwise paste it here.", "Rempli par le lien ; sinon, collez-le ici.";
    }
    /// The way through the desk of admins.
    house: House {
        main: "Pages of the house", "Pages de la maison";
        accounts: "Accounts", "Comptes";
        invitations: "Invitations", "Invitations";
        keys: "Keys", "Clés";
        events: "All events", "Tous les événements";
        alerts: "Alerts", "Alertes";
        monitor: "Monitor", "Supervision";
        reports: "Browser reports", "Rapports des navigateurs";
    }
    /// What happened to an account.
    events: Events {
        title: "Your security events", "Vos événements de sécurité";
        lead: "What happened to your account, the newest first. If something here was not you, change your password and end the other sessions on the security page.", "Ce qui est arrivé à votre compte, le plus récent d’abord. Si quelque chose ici ne vient pas de vous, changez votre mot de passe et fermez les autres sessions sur la page de sécurité.";
        none: "There are no such events.", "Il n’y a aucun événement de ce genre.";
        info: "Information", "Information";
        notice: "Notice", "À noter";
        warning: "Warning", "Avertissement";
        critical: "Critical", "Critique";
        more: "Details", "Détails";
        name: "Name", "Nom";
        account: "Account", "Compte";
        actor: "Done by", "Effectué par";
        client: "Client", "Client";
        request: "Request", "Requête";
        details: "More", "Précisions";
        id: "Event", "Événement";
        pages: "Pages of the list", "Pages de la liste";
        first: "Newest", "Plus récents";
        next: "Older", "Plus anciens";
        export: "Take a copy:", "Emporter une copie :";
        csv: "as a table (CSV)", "en tableau (CSV)";
        jsonl: "as JSON lines", "en lignes JSON";
    }
    /// The second step of a sign-in.
    second_step: SecondStep {
        title: "Second step", "Seconde étape";
        lead: "Open your authenticator app and enter the code it shows for this house.", "Ouvrez votre application d’authentification et saisissez le code qu’elle affiche pour cette maison.";
        code: "Code", "Code";
        code_hint: "Six digits. It changes every half minute.", "Six chiffres. Il change toutes les trente secondes.";
        submit: "Continue", "Continuer";
        use_recovery: "Use a recovery code", "Utiliser un code de secours";
        recovery_lead: "Enter one of the codes that you kept. Each is good for one sign-in.", "Saisissez l’un des codes que vous avez conservés. Chacun sert à une seule connexion.";
        recovery_code: "Recovery code", "Code de secours";
        use_app: "Use a code of the app", "Utiliser un code de l’application";
        again: "Start again", "Recommencer";
        expired: "This step has expired.", "Cette étape a expiré.";
        expired_text: "A sign-in has to be finished within a few minutes. Please start again.", "Une connexion doit être terminée en quelques minutes. Veuillez recommencer.";
        sign_in: "Sign in", "Se connecter";
    }
    /// Setting a second factor up.
    enrol: Enrol {
        title: "Set up a second factor", "Configurer un second facteur";
        lead: "A second factor is a code from an app on your phone that you enter after your password. Who learns your password still cannot sign in without it.", "Un second facteur est un code fourni par une application de votre téléphone, à saisir après votre mot de passe. Quiconque apprend votre mot de passe ne peut pas se connecter sans lui.";
        begin: "Set up", "Configurer";
        scan: "Scan this image with your authenticator app, then enter the code that it shows.", "Scannez cette image avec votre application d’authentification, puis saisissez le code qu’elle affiche.";
        image: "QR code with the key that is written below", "Code QR contenant la clé inscrite ci-dessous";
        key: "Or type this key into the app:", "Ou saisissez cette clé dans l’application :";
        open: "Open in an app on this device", "Ouvrir dans une application de cet appareil";
        code: "Code from the app", "Code de l’application";
        submit: "Confirm", "Confirmer";
        not_fresh: "Please confirm first that it is you. The security page leads there.", "Veuillez d’abord confirmer votre identité, depuis la page de sécurité.";
        to_security: "To the security page", "Vers la page de sécurité";
    }
    /// Recovery codes that were just made.
    recovery_codes: RecoveryCodes {
        title: "Recovery codes", "Codes de secours";
        lead: "Each of these codes signs you in once, in place of the app. Keep them where your phone is not: on paper, or in a password manager.", "Chacun de ces codes vous connecte une fois, à la place de l’application. Conservez-les ailleurs que sur votre téléphone : sur papier ou dans un gestionnaire de mots de passe.";
        once: "Recovery codes are shown only once, right after they are made. You can make new ones on the security page; the old ones then stop working.", "Les codes de secours ne s’affichent qu’une fois, juste après leur création. Vous pouvez en créer de nouveaux sur la page de sécurité ; les anciens cessent alors de fonctionner.";
        to_security: "To the security page", "Vers la page de sécurité";
        kept: "I kept them", "Je les ai conservés";
    }
    /// Asking for a new password.
    forgot: Forgot {
        title: "Forgotten password", "Mot de passe oublié";
        lead: "Tell us your address: we send a link with which you set a new password.", "Indiquez votre adresse : nous vous envoyons un lien pour définir un nouveau mot de passe.";
        email: "E-mail address", "Adresse e-mail";
        submit: "Send the link", "Envoyer le lien";
        sent: "If this address has an account, a mail is on its way. Its link works for a short time only; look into the spam folder, too.", "Si cette adresse a un compte, un message est en route. Son lien ne fonctionne que peu de temps ; regardez aussi dans les indésirables.";
        not_me: "Every session has ended. Your password no longer works; a mail with a link to a new password is on its way.", "Toutes les sessions ont pris fin. Votre mot de passe ne fonctionne plus ; un message avec un lien pour en définir un nouveau est en route.";
        no_mail: "This house sends no mails. Please ask the person who runs it to help you back in.", "Cette maison n’envoie pas de messages. Demandez à la personne qui la gère de vous aider à revenir.";
        to_sign_in: "Back to sign-in", "Retour à la connexion";
    }
    /// Setting a new password.
    reset: Reset {
        title: "New password", "Nouveau mot de passe";
        lead: "With the new password every session ends, on all your devices.", "Avec le nouveau mot de passe, toutes les sessions prennent fin, sur tous vos appareils.";
        password: "New password", "Nouveau mot de passe";
        submit: "Set the password", "Définir le mot de passe";
        new_link: "Ask for a new link", "Demander un nouveau lien";
    }
    /// Confirming an address.
    confirm: Confirm {
        title: "Confirm your address", "Confirmer votre adresse";
        lead: "One press, and we know that mails to this address reach you.", "Une pression, et nous savons que les messages envoyés à cette adresse vous parviennent.";
        submit: "Confirm", "Confirmer";
        password: "Password", "Mot de passe";
        password_hint: "This browser is not the one that asked for this. To be sure that it is you, enter the password of the account.", "Ce navigateur n’est pas celui qui a fait la demande. Pour être sûr que c’est vous, saisissez le mot de passe du compte.";
    }
    /// Saying that a sign-in was not one's own.
    not_me: NotMe {
        title: "This was not me", "Ce n’était pas moi";
        lead: "Somebody signed in or changed something, and it was not you? Then this ends every session of your account on all devices, and your password stops working. You get a mail with a link to set a new one.", "Quelqu’un s’est connecté ou a changé quelque chose, et ce n’était pas vous ? Cette action met fin à toutes les sessions de votre compte sur tous les appareils, et votre mot de passe cesse de fonctionner. Vous recevez un message avec un lien pour en définir un nouveau.";
        submit: "End every session", "Mettre fin à toutes les sessions";
    }
    /// What to do when something is lost.
    help: Help {
        title: "Help", "Aide";
        phone: "I lost my phone", "J’ai perdu mon téléphone";
        phone_text: "Sign in with your password, choose “Use a recovery code” at the second step, and enter one of the codes that you kept. Then set the second factor up again on your new phone.", "Connectez-vous avec votre mot de passe, choisissez « Utiliser un code de secours » à la seconde étape et saisissez l’un des codes conservés. Configurez ensuite le second facteur sur votre nouveau téléphone.";
        phone_none: "No codes left? Then only the person who runs this house can help: they know you, and can remove the second factor.", "Plus de codes ? Seule la personne qui gère cette maison peut alors vous aider : elle vous connaît et peut retirer le second facteur.";
        to_sign_in: "Sign in", "Se connecter";
        password: "I forgot my password", "J’ai oublié mon mot de passe";
        password_text: "Ask for a link to set a new one. It comes by mail and works for a short time.", "Demandez un lien pour en définir un nouveau. Il arrive par message et fonctionne peu de temps.";
        password_no_mail: "This house sends no mails: the person who runs it can give you a link to set a new one.", "Cette maison n’envoie pas de messages : la personne qui la gère peut vous donner un lien pour en définir un nouveau.";
        to_forgot: "Forgotten password", "Mot de passe oublié";
        mail: "I got a mail that I did not expect", "J’ai reçu un message inattendu";
        mail_text: "A link to a new password that you did not ask for: do nothing, it ends by itself. A sign-in that was not yours: use the link “This was not me” in that mail. We never ask for your password or a code by mail.", "Un lien pour un nouveau mot de passe que vous n’avez pas demandé : ne faites rien, il expire de lui-même. Une connexion qui n’était pas la vôtre : suivez le lien « Ce n’était pas moi » de ce message. Nous ne demandons jamais votre mot de passe ni un code par message.";
        session: "I see a session that I do not know", "Je vois une session que je ne connais pas";
        session_text: "End it on the security page, then change your password there. If in doubt, end it: on your own device you only sign in again.", "Mettez-y fin sur la page de sécurité, puis changez-y votre mot de passe. Dans le doute, mettez-y fin : sur votre propre appareil, il suffira de vous reconnecter.";
        to_security: "To the security page", "Vers la page de sécurité";
        codes: "How do I keep recovery codes?", "Comment conserver les codes de secours ?";
        codes_text: "Print them or write them down, and put the paper where you keep your passport; or store them in a password manager. Not on the phone with the app: both would be lost together. Each code works once; make new ones when few are left.", "Imprimez-les ou notez-les, et rangez la feuille avec votre passeport ; ou gardez-les dans un gestionnaire de mots de passe. Pas sur le téléphone où se trouve l’application : vous perdriez les deux à la fois. Chaque code sert une fois ; créez-en de nouveaux lorsqu’il en reste peu.";
        human: "None of this helps", "Rien de tout cela n’aide";
        human_text: "Ask the person who runs this house.", "Adressez-vous à la personne qui gère cette maison.";
    }
    /// Proving in place who one is.
    step_up: StepUp {
        title: "Confirm that it is you", "Confirmez votre identité";
        lead: "This is important enough to ask again. Then it goes on.", "C’est assez important pour le redemander. Ensuite, l’action se poursuit.";
        code: "Code or recovery code", "Code ou code de secours";
        code_hint: "Six digits from the app, or one of your recovery codes.", "Six chiffres de l’application, ou l’un de vos codes de secours.";
        submit: "Confirm", "Confirmer";
    }
    /// The security page.
    security: Security {
        title: "Security", "Sécurité";
        password: "Password", "Mot de passe";
        password_text: "A new password ends your sessions on other devices.", "Un nouveau mot de passe met fin à vos sessions sur les autres appareils.";
        current: "Current password", "Mot de passe actuel";
        new_password: "New password", "Nouveau mot de passe";
        change: "Change password", "Changer le mot de passe";
        changed: "Your password is changed.", "Votre mot de passe est changé.";
        factor: "Second factor", "Second facteur";
        factor_why: "A code from an app on your phone, asked for after your password. Who learns your password still cannot sign in.", "Un code fourni par une application de votre téléphone, demandé après votre mot de passe. Quiconque apprend votre mot de passe ne peut pas se connecter.";
        set_up: "Set up", "Configurer";
        since: "Set up on", "Configuré le";
        codes_left: "Recovery codes left", "Codes de secours restants";
        codes_few: "Few recovery codes are left. Make new ones before they run out.", "Il reste peu de codes de secours. Créez-en de nouveaux avant d’en manquer.";
        new_codes: "New recovery codes", "Nouveaux codes de secours";
        new_codes_sure: "The old recovery codes stop working. Make new ones?", "Les anciens codes de secours cesseront de fonctionner. En créer de nouveaux ?";
        new_codes_yes: "Make new codes", "Créer de nouveaux codes";
        remove: "Remove", "Retirer";
        remove_sure: "Your account will then be as safe as your password alone. The recovery codes stop working, too. Remove the second factor?", "Votre compte ne sera plus protégé que par votre mot de passe. Les codes de secours cesseront aussi de fonctionner. Retirer le second facteur ?";
        remove_yes: "Remove the second factor", "Retirer le second facteur";
        required: "This house asks everybody like you for a second factor, so it cannot be removed.", "Cette maison exige un second facteur de tous ceux dans votre cas : il ne peut pas être retiré.";
    }
    /// The sessions of an account.
    sessions: Sessions {
        title: "Where you are signed in", "Où vous êtes connecté";
        lead: "Each browser or program that is signed in to your account right now.", "Chaque navigateur ou programme actuellement connecté à votre compte.";
        current: "This device", "Cet appareil";
        on: "on", "sous";
        unknown: "Unknown device", "Appareil inconnu";
        since: "since", "depuis le";
        seen: "last seen", "vu le";
        end: "End", "Fermer";
        end_others: "End all others", "Fermer toutes les autres";
        end_others_sure: "Every other device is signed out at once. End them?", "Tous les autres appareils seront déconnectés immédiatement. Les fermer ?";
        ended: "Ended.", "Fermé.";
    }
    /// One's own data, and closing the account.
    own_data: OwnData {
        title: "Your data", "Vos données";
        lead: "What this house keeps about you, as a file: your account, your sessions and what happened to them.", "Ce que cette maison conserve à votre sujet, dans un fichier : votre compte, vos sessions et ce qui leur est arrivé.";
        download: "Download my data", "Télécharger mes données";
        close: "Close my account", "Fermer mon compte";
        close_sure: "You are signed out everywhere, and your password, second factor and recovery codes are deleted. Nobody can undo this, not even an admin. Close your account?", "Vous serez déconnecté partout, et votre mot de passe, votre second facteur et vos codes de secours seront supprimés. Personne ne pourra revenir en arrière, pas même un administrateur. Fermer votre compte ?";
        close_yes: "Close my account for good", "Fermer définitivement mon compte";
        last_admin: "You are the last admin of this house. Make somebody else an admin first; then you can close your account.", "Vous êtes le dernier administrateur de cette maison. Nommez d’abord un autre administrateur ; vous pourrez ensuite fermer votre compte.";
    }
    /// Changing one's address.
    change_email: ChangeEmail {
        title: "E-mail address", "Adresse e-mail";
        email: "New e-mail address", "Nouvelle adresse e-mail";
        hint: "We send a link there. The new address counts once you have confirmed it.", "Nous y envoyons un lien. La nouvelle adresse compte dès que vous l’avez confirmée.";
        submit: "Send the confirmation", "Envoyer la confirmation";
        sent: "Sent. Look into the mailbox of the new address.", "Envoyé. Regardez dans la boîte de la nouvelle adresse.";
    }
}
