//! The texts of the pages that keep watch: the host live, alerts, everything that happened, browser reports. A table of
//! their own, as their module is.

texts! {
    /// The page.
    page: Page {
        title: "Monitor", "Supervision";
        lead: "What this machine is doing, and what happens at the door.", "Ce que fait cette machine, et ce qui se passe à l’entrée.";
        ranges: "Range", "Période";
        quarter: "15 minutes", "15 minutes";
        hours: "16 hours", "16 heures";
        days: "7 days", "7 jours";
        pause: "Pause", "Mettre en pause";
        go_on: "Go on", "Reprendre";
        opening: "Connecting…", "Connexion en cours…";
        open: "Live: a new sample every second.", "En direct : une nouvelle mesure chaque seconde.";
        waiting: "The connection is lost. It is tried again by itself; what is shown is from before.", "La connexion est perdue. Une nouvelle tentative a lieu d’elle-même ; les valeurs affichées datent d’avant.";
        asleep: "Stopped, because nobody did anything here for a while.", "Arrêté, car personne n’a rien fait ici depuis un moment.";
        over: "Your account may not look here any more.", "Votre compte n’a plus accès à cette page.";
        paused: "Paused: what comes in is shown when you go on.", "En pause : les nouvelles valeurs s’afficheront à la reprise.";
        outdated: "Concierge was renewed. Load this page again.", "Concierge a été mis à jour. Rechargez cette page.";
        no_script: "Without script this page shows the past. Load it again for newer values.", "Sans script, cette page montre le passé. Rechargez-la pour des valeurs plus récentes.";
        empty: "Nothing was measured yet. The first values come within ten seconds of the start.", "Rien n’a encore été mesuré. Les premières valeurs arrivent dans les dix secondes qui suivent le démarrage.";
        limits: "This process may use {} of the host’s processors and {} of its memory.", "Ce processus peut utiliser {} des processeurs de l’hôte et {} de sa mémoire.";
        all: "all", "la totalité";
        unknown: "not known", "inconnu";
    }
    /// The alerts that last.
    lasting: Lasting {
        title: "Alerts right now", "Alertes en cours";
        calm: "No alert right now.", "Aucune alerte en cours.";
        seen: "· seen", "· vue";
    }
    /// The charts.
    chart: Chart {
        processor: "Processor", "Processeur";
        load: "Load", "Charge";
        memory: "Memory", "Mémoire";
        disk: "Disk of the data folder", "Disque du dossier de données";
        traffic: "Disk and network traffic", "Trafic disque et réseau";
        own_memory: "Memory of Concierge", "Mémoire de Concierge";
        handles: "Files, sockets and database", "Fichiers, sockets et base de données";
        lag: "Delay of the event loop", "Retard de la boucle d’événements";
        scale: "0 to {}", "0 à {}";
    }
    /// What is measured.
    metric: Metric {
        cpu: "Host", "Hôte";
        load_1: "1 minute", "1 minute";
        load_5: "5 minutes", "5 minutes";
        load_15: "15 minutes", "15 minutes";
        memory: "Host", "Hôte";
        memory_total: "Whole", "Total";
        memory_group: "Container", "Conteneur";
        swap: "Swap", "Espace d’échange";
        disk: "Used", "Utilisé";
        disk_total: "Whole", "Total";
        disk_io: "Disk", "Disque";
        network_io: "Network", "Réseau";
        own_cpu: "Concierge, of one core", "Concierge, d’un cœur";
        own_memory: "Used", "Utilisée";
        open_files: "Open files", "Fichiers ouverts";
        sockets: "Sockets", "Sockets";
        pool: "Database connections in use", "Connexions de base de données utilisées";
        lag: "Delay", "Retard";
    }
    /// The same as a table.
    numbers: Numbers {
        title: "In numbers", "En chiffres";
        caption: "Each measure over the chosen range", "Chaque mesure sur la période choisie";
        measure: "Measure", "Mesure";
        now: "Now", "Actuel";
        least: "Least", "Minimum";
        average: "Average", "Moyenne";
        most: "Most", "Maximum";
    }
    /// The last security events.
    happened: Happened {
        title: "Last security events", "Derniers événements de sécurité";
        none: "Nothing happened yet.", "Il ne s’est encore rien passé.";
        info: "Information", "Information";
        notice: "Notice", "À noter";
        warning: "Warning", "Avertissement";
        critical: "Critical", "Critique";
        from: "from {}", "depuis {}";
    }
    /// What happened in the house.
    events: Events {
        title: "Security events", "Événements de sécurité";
        lead: "Everything that was recorded in this house, the newest first. Your own account’s events are under “Events”.", "Tout ce qui a été consigné dans cette maison, le plus récent d’abord. Ceux de votre propre compte se trouvent sous « Événements ».";
        event: "Event", "Événement";
        any_event: "Any", "Tous";
        severity: "Severity", "Gravité";
        any_severity: "Any", "Toutes";
        account: "Account id", "Identifiant du compte";
        since: "Since (UTC)", "Depuis le (UTC)";
        submit: "Filter", "Filtrer";
    }
    /// What browsers said went wrong in pages.
    reports: Reports {
        title: "Reports of browsers", "Rapports des navigateurs";
        lead: "When something breaks in a page, the browser tells the server. Equal reports are counted together and forgotten after thirty days without a new one. They hold no address of a person, no query and no secret.", "Quand quelque chose se casse dans une page, le navigateur le signale au serveur. Les rapports identiques sont comptés ensemble et oubliés après trente jours sans nouveau rapport. Ils ne contiennent ni adresse de personne, ni paramètre, ni secret.";
        failures: "Failures of pages", "Pannes de pages";
        no_failures: "No page has failed lately.", "Aucune page n’est tombée en panne récemment.";
        policies: "Kept out by the content policy", "Bloqué par la politique de contenu";
        no_policies: "Nothing has been kept out lately. A browser extension is the usual reason when something is.", "Rien n’a été bloqué récemment. Quand cela arrive, une extension du navigateur en est le plus souvent la cause.";
        no_message: "Without a message", "Sans message";
        source: "Kept out", "Bloqué";
        page: "Page", "Page";
        elsewhere: "A page without a path of its own", "Une page sans chemin propre";
        count: "How often", "Combien de fois";
        first: "First", "Première fois";
        last: "Last", "Dernière fois";
        build: "Build", "Version";
    }
    /// The alerts: what stands out right now, and what was told to whom.
    alerts: Alerts {
        title: "Alerts", "Alertes";
        lead: "Rules watch what happens here; what stands out is told over the channels below.", "Des règles surveillent ce qui se passe ici ; ce qui sort de l’ordinaire est annoncé par les canaux ci-dessous.";
        state: "Right now", "En ce moment";
        calm: "Nothing stands out.", "Rien ne sort de l’ordinaire.";
        calm_hint: "Alerts of the rules below appear here as soon as they fire.", "Les alertes des règles ci-dessous apparaissent ici dès qu’elles se déclenchent.";
        past: "Over", "Terminées";
        pending: "about to fire", "sur le point de se déclencher";
        firing: "firing", "en cours";
        acknowledged: "seen by {}, silent until {}", "vue par {}, silencieuse jusqu’au {}";
        over: "over since {}", "terminée depuis le {}";
        since: "since {}", "depuis le {}";
        value: "value {}", "valeur {}";
        seen_hour: "Seen: silent for an hour", "Vue : silence pendant une heure";
        seen_day: "Seen: silent for a day", "Vue : silence pendant un jour";
        seen: "The alert is marked as seen.", "L’alerte est marquée comme vue.";
        info: "Info", "Information";
        notice: "Notice", "Remarque";
        warning: "Warning", "Avertissement";
        critical: "Critical", "Critique";
        log: "Latest messages", "Derniers messages";
        log_none: "No message was sent yet.", "Aucun message n’a encore été envoyé.";
        no_channel: "a channel that is gone", "un canal qui n’existe plus";
        fired: "Alert", "Alerte";
        repeated: "Still lasts", "Dure toujours";
        resolved: "Over", "Terminée";
        digest: "Digest", "Récapitulatif";
        test: "Test message", "Message d’essai";
        waiting: "waits, tried {} times", "en attente, {} essais";
        next: "next try {}", "prochain essai le {}";
        delivered: "arrived", "arrivé";
        handed_over: "with the outgoing mail", "avec le courrier sortant";
        failed: "given up", "abandonné";
        needs_script: "Changing anything here needs JavaScript in your browser.", "Toute modification ici nécessite JavaScript dans votre navigateur.";
    }
    /// The rules of the alerts.
    alert_rules: AlertRules {
        title: "Rules", "Règles";
        within: "within {} min", "en {} min";
        holds: "for {} min", "pendant {} min";
        off: "switched off", "désactivée";
        switch_on: "Switch on", "Activer";
        switch_off: "Switch off", "Désactiver";
        change: "Change", "Modifier";
        delete: "Delete", "Supprimer";
        delete_sure: "The rule and its alerts go for good. Delete it?", "La règle et ses alertes disparaissent définitivement. La supprimer ?";
        saved: "The rule is saved.", "La règle est enregistrée.";
        deleted: "The rule is deleted.", "La règle est supprimée.";
        new: "New rule", "Nouvelle règle";
        changing: "Change “{}”", "Modifier « {} »";
        cancel: "Make a new one instead", "En créer une nouvelle à la place";
        name: "Name of the rule", "Nom de la règle";
        name_hint: "A rule that comes with the house keeps its own name when this stays empty.", "Une règle fournie avec la maison garde son nom si ce champ reste vide.";
        watch: "Event or metric", "Événement ou mesure";
        choose: "Choose one", "À choisir";
        disk_free: "Metric: free space of the disk (%)", "Mesure : espace libre du disque (%)";
        memory_used: "Metric: used memory (%)", "Mesure : mémoire utilisée (%)";
        server_errors: "Metric: answers that were faults of the server (%)", "Mesure : réponses en erreur du serveur (%)";
        detail: "Only with these details (optional)", "Seulement avec ces détails (facultatif)";
        detail_hint: "Such as pattern=wrong_env; several with commas.", "Par exemple pattern=wrong_env ; plusieurs, séparés par des virgules.";
        comparator: "Compared", "Comparaison";
        threshold: "Threshold", "Seuil";
        window: "Counted over so many minutes (events)", "Compté sur autant de minutes (événements)";
        hold: "Must last so many minutes", "Doit durer autant de minutes";
        severity: "Severity", "Gravité";
        repeat: "Told again after so many minutes; 0: never", "Rappelé après autant de minutes ; 0 : jamais";
        quiet_from: "Quiet from (UTC, such as 22:00; optional)", "Silence à partir de (UTC, par exemple 22:00 ; facultatif)";
        quiet_to: "Quiet until (UTC)", "Silence jusqu’à (UTC)";
        quiet_hint: "What comes up then is told at the end.", "Ce qui survient alors est annoncé à la fin.";
        tells_end: "Tell its end, too", "Annoncer aussi la fin";
        channels: "Told over", "Annoncé par";
        every_channel: "None ticked: over every channel.", "Aucun coché : par tous les canaux.";
        submit: "Save the rule", "Enregistrer la règle";
    }
    /// The channels of the alerts.
    alert_channels: AlertChannels {
        title: "Channels", "Canaux";
        none: "There is no channel yet.", "Il n’y a pas encore de canal.";
        none_hint: "Alerts are shown on this page only. Make a channel, and they come to you.", "Les alertes ne s’affichent que sur cette page. Créez un canal, et elles viendront à vous.";
        mail: "E-mail", "E-mail";
        webhook: "Webhook (signed)", "Webhook (signé)";
        slack: "Slack", "Slack";
        teams: "Microsoft Teams (workflow)", "Microsoft Teams (workflow)";
        off: "switched off", "désactivé";
        gone: "switched off: the receiver says that it is gone (410)", "désactivé : le destinataire dit ne plus exister (410)";
        switch_on: "Switch on", "Activer";
        switch_off: "Switch off", "Désactiver";
        saved: "The channel is saved.", "Le canal est enregistré.";
        test: "Send a test", "Envoyer un essai";
        arrived: "The test arrived.", "L’essai est arrivé.";
        not_arrived: "The test did not arrive.", "L’essai n’est pas arrivé.";
        delete: "Delete", "Supprimer";
        delete_sure: "The channel and the messages that wait for it go for good. Delete it?", "Le canal et les messages qui l’attendent disparaissent définitivement. Le supprimer ?";
        deleted: "The channel is deleted.", "Le canal est supprimé.";
        new: "New channel", "Nouveau canal";
        name: "Name of the channel", "Nom du canal";
        way: "Way", "Moyen";
        to: "Mail address, or https address", "Adresse e-mail, ou adresse https";
        to_hint: "A web address is kept sealed and shown no more, but for its host.", "Une adresse web est conservée scellée et n’est plus affichée, hormis son hôte.";
        submit: "Make the channel", "Créer le canal";
        change: "Change the address", "Changer l’adresse";
        changing: "New address of “{}”", "Nouvelle adresse de « {} »";
        to_hint_secret: "What waits goes there, too. The webhook gets a new secret with it, even if the address stays the same.", "Ce qui attend y va aussi. Le webhook reçoit un nouveau secret, même si l’adresse reste la même.";
        save: "Save the address", "Enregistrer l’adresse";
        cancel: "Keep the address", "Garder l’adresse";
        secret: "Secret for checking signatures", "Secret pour vérifier les signatures";
        secret_hint: "Shown only now. Give it to the receiver: it checks the header webhook-signature with it (Standard Webhooks).", "Affiché maintenant seulement. Donnez-le au destinataire : il vérifie l’en-tête webhook-signature avec lui (Standard Webhooks).";
    }
}
