"""What tables, columns and events are usually called in German exports; umlauts written out."""

__all__ = ["COLUMNS", "ROLES", "TABLES"]

TABLES: dict[str, tuple[str, ...]] = {
    "accounts": ("kunde", "kunden", "firma", "firmen", "mandant", "mandanten", "konto", "konten",
                 "stammdaten"),
    "events": ("ereignis", "ereignisse", "nutzung", "aktivitaet", "aktivitaeten", "aktion",
               "aktionen", "klick", "protokoll", "bestellung", "bestellungen"),
    "users": ("nutzer", "benutzer", "anwender", "kontakt", "kontakte", "ansprechpartner"),
    "usage_levels": ("zaehler", "zaehlerstand", "verbrauch", "kontingent", "messwert",
                     "messwerte"),
    "tickets": ("anfrage", "anfragen", "stoerung", "stoerungen", "fall", "faelle"),
    "subscriptions": ("vertrag", "vertraege", "abo", "abos", "abonnement", "lizenz", "lizenzen"),
    "invoices": ("rechnung", "rechnungen", "zahlung", "zahlungen", "faktura"),
    "surveys": ("umfrage", "umfragen", "befragung", "zufriedenheit"),
    "messages": ("nachricht", "nachrichten", "mailing", "kampagne", "kampagnen"),
    "touchpoints": ("termin", "termine", "gespraech", "gespraeche", "anruf", "anrufe", "schulung"),
    "outcomes": ("kuendigung", "kuendigungen", "abgang", "abgaenge", "verlaengerung"),
    "interventions": ("massnahme", "massnahmen", "aufgabe", "aufgaben"),
    "calendar": ("kalender", "feiertag", "feiertage", "ferien"),
    "feature_catalogue": ("funktion", "funktionen", "katalog"),
}  # fmt: skip

_ACCOUNT = ("kundennummer", "kundennr", "kunden_nr", "kunden_nummer", "kunden_id", "kundenid",
            "kunde", "kd_nr", "kdnr", "mandant", "mandanten_id", "mandantennummer", "firmen_id",
            "firmennummer", "konto_id", "kontonummer", "debitor", "debitorennummer",
            "debitor_nr")  # fmt: skip
_USER = ("benutzer", "benutzer_id", "nutzer", "nutzer_id", "anwender", "anwender_id", "kontakt",
         "ansprechpartner", "benutzername", "empfaenger")  # fmt: skip
_PLAN = ("tarif", "paket", "produkt", "vertragsart")
_MRR = ("monatsumsatz", "monatlicher_umsatz", "monatsbeitrag", "monatspreis", "mtl_umsatz")
_SEATS = ("lizenzen", "plaetze", "anzahl_lizenzen", "anzahl_nutzer", "nutzerzahl")
_CSM = ("betreuer", "kundenbetreuer", "ansprechpartner_intern", "verantwortlich", "berater")
_BEGUN = ("beginn", "vertragsbeginn", "startdatum", "gueltig_ab", "laufzeitbeginn", "von")
_ENDED = ("ende", "vertragsende", "enddatum", "gueltig_bis", "laufzeitende", "bis")

COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "accounts": {
        "account_id": _ACCOUNT,
        "signed_up_at": ("kunde_seit", "kundenseit", "angelegt_am", "anlagedatum", "erstellt_am",
                         "registriert_am", "anmeldedatum", "vertragsbeginn", "seit"),
        "name": ("firma", "firmenname", "kundenname", "bezeichnung", "unternehmen"),
        "industry": ("branche", "sektor"),
        "region": ("land", "gebiet", "bundesland", "standort"),
        "employees": ("mitarbeiter", "mitarbeiterzahl", "anzahl_mitarbeiter", "beschaeftigte"),
        "plan": _PLAN,
        "csm": _CSM,
        "mrr": _MRR,
        "renewal_on": ("verlaengerung", "verlaengerung_am", "verlaengerungsdatum",
                       "naechste_verlaengerung"),
        "seats": _SEATS,
        "opted_out": ("widersprochen", "widerspruch", "werbesperre"),
        "claimed_churned": ("gekuendigt", "abgewandert", "kuendigung"),
    },
    "events": {
        "account_id": _ACCOUNT,
        "event": ("ereignis", "aktion", "aktivitaet", "vorgang", "ereignisname", "ereignistyp"),
        "occurred_at": ("zeitpunkt", "zeitstempel", "datum", "uhrzeit", "zeit", "erfasst_am",
                        "erstellt_am", "datum_uhrzeit", "bestelldatum", "tag"),
        "user_id": _USER,
        "event_id": ("ereignis_id", "vorgangsnummer", "lfd_nr"),
        "feature": ("funktion", "modul", "bereich", "seite"),
        "session_id": ("sitzung", "sitzungs_id"),
        "duration_s": ("dauer_s", "dauer_sek", "dauer_sekunden"),
        "value": ("wert", "anzahl", "menge"),
    },
    "users": {
        "user_id": _USER,
        "account_id": _ACCOUNT,
        "role": ("rolle", "funktion", "position"),
        "department": ("abteilung", "bereich"),
        "created_at": ("angelegt_am", "erstellt_am", "registriert_am"),
        "deactivated_at": ("deaktiviert_am", "geloescht_am", "gesperrt_am"),
        "is_admin": ("ist_admin", "administrator"),
    },
    "usage_levels": {
        "account_id": _ACCOUNT,
        "metric": ("kennzahl", "messgroesse", "zaehler"),
        "measured_on": ("gemessen_am", "datum", "stichtag", "tag"),
        "value": ("wert", "stand", "menge"),
    },
    "tickets": {
        "ticket_id": ("ticketnummer", "ticket_nr", "anfrage_id", "vorgangsnummer", "fallnummer"),
        "account_id": _ACCOUNT,
        "opened_at": ("eroeffnet", "eroeffnet_am", "erstellt_am", "angelegt_am", "eingang",
                      "eingangsdatum", "gemeldet_am"),
        "closed_at": ("geschlossen", "geschlossen_am", "erledigt_am", "geloest_am"),
        "user_id": _USER,
        "priority": ("prioritaet", "dringlichkeit"),
        "escalated": ("eskaliert", "eskalation"),
        "text": ("beschreibung", "betreff", "nachricht", "inhalt"),
        "csat": ("zufriedenheit", "bewertung"),
    },
    "subscriptions": {
        "account_id": _ACCOUNT,
        "started_on": _BEGUN,
        "ended_on": _ENDED,
        "plan": _PLAN,
        "seats": _SEATS,
        "mrr": _MRR,
        "discount": ("rabatt", "nachlass"),
        "is_trial": ("testphase", "probeabo"),
    },
    "invoices": {
        "invoice_id": ("rechnungsnummer", "rechnung_nr", "rechnungs_nr", "rechnungs_id",
                       "belegnummer"),
        "account_id": _ACCOUNT,
        "issued_on": ("rechnungsdatum", "belegdatum", "ausgestellt_am", "datum"),
        "due_on": ("faellig", "faellig_am", "faelligkeit", "faelligkeitsdatum"),
        "paid_on": ("bezahlt", "bezahlt_am", "zahlungsdatum", "zahldatum", "eingang_am"),
        "amount": ("betrag", "rechnungsbetrag", "summe", "nettobetrag", "bruttobetrag"),
        "method": ("zahlungsart", "zahlungsweise"),
        "currency": ("waehrung",),
    },
    "surveys": {
        "account_id": _ACCOUNT,
        "answered_at": ("beantwortet_am", "antwortdatum", "datum", "eingereicht_am"),
        "kind": ("umfrage", "art", "typ"),
        "score": ("wert", "bewertung", "punkte", "note"),
        "user_id": _USER,
        "comment": ("kommentar", "anmerkung", "freitext"),
    },
    "touchpoints": {
        "account_id": _ACCOUNT,
        "occurred_at": ("datum", "termin", "stattgefunden_am", "gespraechsdatum"),
        "kind": ("art", "typ", "gespraechsart"),
        "csm": _CSM,
        "stakeholder": ("teilnehmer", "gespraechspartner"),
        "duration_min": ("dauer_min", "minuten"),
        "text": ("notiz", "notizen", "zusammenfassung"),
    },
    "outcomes": {
        "account_id": _ACCOUNT,
        "outcome": ("ergebnis", "ausgang", "art"),
        "occurred_at": ("kuendigungsdatum", "gekuendigt_am", "wirksam_am", "datum"),
        "reason": ("grund", "kuendigungsgrund"),
    },
    "calendar": {
        "starts_on": ("beginn", "von", "datum"),
        "ends_on": ("ende", "bis"),
        "reason": ("anlass", "grund", "bezeichnung", "feiertag"),
        "account_id": _ACCOUNT,
        "region": ("land", "bundesland"),
    },
}  # fmt: skip

ROLES: dict[str, tuple[str, ...]] = {
    "signup": ("registrierung", "registriert"),
    "login": ("anmeldung", "angemeldet", "einloggen"),
    "invite": ("einladung", "eingeladen"),
    "error": ("fehler",),
    "pricing_page": ("preise", "preisseite"),
    "export": ("herunterladen", "exportiert"),
    "integration": ("schnittstelle", "verbunden"),
    "upload": ("hochladen", "hochgeladen", "importiert"),
    "help": ("hilfe", "handbuch"),
    "learning": ("schulung", "kurs"),
    "collaboration": ("kommentar", "geteilt", "freigabe"),
    "setup": ("einrichtung",),
    "limit_hit": ("kontingent",),
    "security": ("passwort",),
}
