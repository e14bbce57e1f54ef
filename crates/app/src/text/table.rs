//! The table of texts: one line each, English first, French second.

texts! {
    /// Words that every page may need.
    common: Common {
        product: "Concierge", "Concierge";
        description: "Accounts, sign-in and keys for your own services.", "Comptes, connexion et clés pour vos propres services.";
        skip: "Skip to the content", "Aller au contenu";
        show_password: "Show password", "Afficher le mot de passe";
        hide_password: "Hide password", "Masquer le mot de passe";
        caps_lock: "Caps Lock is on.", "Le verrouillage des majuscules est activé.";
        wait: "You can try again in {} s.", "Vous pourrez réessayer dans {} s.";
        wait_button: "Wait {} s", "Patientez {} s";
        request: "Reference for help:", "Référence pour l’assistance :";
        contact: "Need help? Contact:", "Besoin d’aide ? Contact :";
    }
    /// The frame around the pages.
    nav: Nav {
        main: "Main", "Principale";
        profile: "Profile", "Profil";
        security: "Security", "Sécurité";
        events: "Events", "Événements";
        house: "House", "Maison";
        sign_in: "Sign in", "Connexion";
        help: "Help", "Aide";
        sign_out: "Sign out", "Se déconnecter";
        sign_out_all: "Sign out everywhere", "Se déconnecter partout";
        signing_out_failed: "Signing out did not work. Please try again.", "La déconnexion n’a pas abouti. Veuillez réessayer.";
        language: "Page language", "Langue de la page";
        theme: "Appearance", "Apparence";
        light: "Light", "Clair";
        dark: "Dark", "Sombre";
        system: "System", "Système";
    }
    /// The home page.
    home: Home {
        title: "Welcome", "Bienvenue";
        heading: "One door to your services, and you hold the keys.", "Une seule porte vers vos services, et vous en gardez les clés.";
        lead: "Concierge is the account desk of your own house: it runs on your machine, and nothing leaves it.", "Concierge est l’accueil de votre propre maison : il fonctionne sur votre machine, et rien n’en sort.";
        sign_up: "Create an account", "Créer un compte";
        have_account: "I have an account", "J’ai déjà un compte";
        to_profile: "Go to your profile", "Voir votre profil";
        signed_in_as: "You are signed in as", "Vous êtes connecté en tant que";
        services: "What Concierge does", "Ce que fait Concierge";
        door: "Keeps the door", "Garde la porte";
        door_text: "Long passwords instead of odd ones, sessions that end when you say so, and no way to tell from outside who lives here.", "Des mots de passe longs plutôt que compliqués, des sessions qui prennent fin quand vous le dites, et rien qui révèle au-dehors qui habite ici.";
        keys: "Keeps the keys", "Garde les clés";
        keys_text: "Keys are made for you and checked at every start. None of them ever reaches a page or a log.", "Les clés sont créées pour vous et vérifiées à chaque démarrage. Aucune n’apparaît jamais dans une page ou un journal.";
        watch: "Keeps watch", "Veille";
        watch_text: "Every sign-in, refusal and change is written down, so that you can see what happened and when.", "Chaque connexion, chaque refus et chaque changement est consigné : vous voyez ce qui s’est passé, et quand.";
    }
    /// The sign-in page.
    sign_in: SignIn {
        title: "Sign in", "Connexion";
        email: "E-mail address", "Adresse e-mail";
        password: "Password", "Mot de passe";
        remember: "Stay signed in on this device", "Rester connecté sur cet appareil";
        one_session: "Signing in here ends your session on other devices.", "Se connecter ici met fin à votre session sur les autres appareils.";
        submit: "Sign in", "Se connecter";
        forgot: "Forgotten password?", "Mot de passe oublié ?";
        confirmed: "Your address is confirmed. Please sign in.", "Votre adresse est confirmée. Veuillez vous connecter.";
        password_reset: "Your new password is set. Please sign in.", "Votre nouveau mot de passe est défini. Veuillez vous connecter.";
        no_account: "New here?", "Nouveau ici ?";
        sign_up: "Create an account", "Créer un compte";
        ended_signed_out: "You are signed out.", "Vous êtes déconnecté.";
        ended_replaced: "You were signed out because you signed in on another device.", "Vous avez été déconnecté, car vous vous êtes connecté sur un autre appareil.";
        ended_idle: "You were signed out because nothing happened for a while.", "Vous avez été déconnecté après un moment d’inactivité.";
        ended_reuse: "You were signed out for safety: a copy of your session was used. Please sign in again; if this keeps happening, ask for help.", "Vous avez été déconnecté par sécurité : une copie de votre session a été utilisée. Veuillez vous reconnecter ; si cela se répète, demandez de l’aide.";
        ended_elsewhere: "Your session was ended elsewhere: by a sign-out in another window or on another device.", "Votre session a été fermée ailleurs : par une déconnexion dans une autre fenêtre ou sur un autre appareil.";
        ended_emergency: "For everybody's safety all sessions were ended. Please sign in again.", "Par sécurité, toutes les sessions ont été fermées. Veuillez vous reconnecter.";
        ended_admin: "An admin ended your session, or changed what your account may do. Please sign in again.", "Un administrateur a mis fin à votre session ou modifié les droits de votre compte. Veuillez vous reconnecter.";
        ended_password: "You were signed out because your password was changed or revoked.", "Vous avez été déconnecté, car votre mot de passe a été changé ou révoqué.";
        closed: "This account is closed.", "Ce compte est fermé.";
        cookies_title: "Your browser keeps no cookies for this address", "Votre navigateur ne conserve aucun cookie pour cette adresse";
        cookies_text: "The password was right, but the session could not be kept. Allow cookies for this site, and open it over https:// (or on the machine itself as http://localhost): browsers drop safe cookies on plain http.", "Le mot de passe était correct, mais la session n’a pas pu être conservée. Autorisez les cookies pour ce site et ouvrez-le en https:// (ou, sur la machine elle-même, par http://localhost) : en simple http, les navigateurs rejettent les cookies sécurisés.";
    }
    /// The sign-up page.
    sign_up: SignUp {
        title: "Create your account", "Créer votre compte";
        name: "Name (optional)", "Nom (facultatif)";
        email: "E-mail address", "Adresse e-mail";
        password: "Password", "Mot de passe";
        rule: "At least 15 characters. A few words in a row do well; any character is welcome.", "Au moins 15 caractères. Quelques mots à la suite conviennent bien ; tous les caractères sont admis.";
        long_enough: "Long enough.", "Assez long.";
        invite: "Invitation", "Invitation";
        suggest: "Suggest a passphrase", "Proposer une phrase de passe";
        mailed: "Look into your mailbox: the link confirms your address.", "Consultez votre boîte de réception : le lien confirme votre adresse.";
        submit: "Create account", "Créer le compte";
        have_account: "I already have an account", "J’ai déjà un compte";
        closed: "Sign-up is closed. Please ask the person who runs this service.", "L’inscription est fermée. Adressez-vous à la personne qui gère ce service.";
    }
    /// The page that makes the first admin.
    setup: Setup {
        title: "Set up Concierge", "Installer Concierge";
        lead: "This makes the first account, which looks after the house. The token is in the setup link that the server printed.", "Cette étape crée le premier compte, celui qui veille sur la maison. Le jeton se trouve dans le lien d’installation affiché par le serveur.";
        token: "Setup token", "Jeton d’installation";
        token_hint: "Filled in by the link; otherwise paste it here.", "Rempli par le lien ; sinon, collez-le ici.";
        submit: "Create the first admin", "Créer le premier administrateur";
    }
    /// The profile page.
    profile: Profile {
        title: "Your profile", "Votre profil";
        about: "How Concierge addresses you", "Comment Concierge s’adresse à vous";
        name: "Name", "Nom";
        language: "Language", "Langue";
        submit: "Save", "Enregistrer";
        saved: "Saved.", "Enregistré.";
        needs_script: "Saving needs JavaScript in your browser.", "L’enregistrement nécessite JavaScript dans votre navigateur.";
        facts: "Your account", "Votre compte";
        email: "E-mail address", "Adresse e-mail";
        role: "Role", "Rôle";
        member: "Member", "Membre";
        admin: "Admin", "Administrateur";
        since: "Member since", "Membre depuis";
    }
    /// The warning before a session ends.
    session: Session {
        idle_title: "Still there?", "Toujours là ?";
        idle_text: "Nothing has happened for a while. To keep you safe, this session is about to end. Any key keeps it.", "Rien ne s’est passé depuis un moment. Pour votre sécurité, cette session va prendre fin. N’importe quelle touche la conserve.";
        idle_left: "Time left:", "Temps restant :";
        stay: "Stay signed in", "Rester connecté";
    }
    /// Pages about the service itself.
    system: System {
        not_found: "Nothing here", "Rien ici";
        not_found_text: "There is no page at this address. It may have moved, or the link may be cut off.", "Il n’y a pas de page à cette adresse. Elle a peut-être été déplacée, ou le lien est incomplet.";
        home: "Back to the start", "Retour à l’accueil";
        failed: "Something went wrong", "Une erreur est survenue";
        failed_text: "The fault is on our side, and it is written down. Please try again in a moment.", "L’erreur vient de notre côté, et elle a été consignée. Veuillez réessayer dans un instant.";
        moment: "One moment, please", "Un instant, s’il vous plaît";
        again: "Try again", "Réessayer";
    }
}
