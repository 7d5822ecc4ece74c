"""One line a screen."""

from django.urls import path

from tianbao.console import (
    address_test,
    correct,
    exports,
    home,
    line_list,
    login,
    posters,
    record,
    register,
    settings_page,
    setup_guide,
    sites,
)

app_name = "console"

urlpatterns = [
    path("login", login.show_login, name="login"),
    path("logout", login.sign_out, name="logout"),
    path("unlock", login.show_unlock, name="unlock"),
    path("password", login.show_password, name="password"),
    path("language", login.set_language, name="language"),
    path("setup/<str:token>", setup_guide.show_guide, name="setup"),
    path("setup/<str:token>/test/<uuid:address_id>", setup_guide.show_test, name="setup_test"),
    path("setup/<str:token>/<str:step>", setup_guide.show_guide, name="setup_step"),
    path("arrive/<str:token>", address_test.show_arrival, name="arrive"),
    path("sites", sites.show_sites, name="sites"),
    path("sites/new", sites.show_new_site, name="site_new"),
    path("sites/many", sites.show_many, name="sites_many"),
    path("sites/<str:code>", sites.show_site, name="site"),
    path("sites/<str:code>/state", sites.set_state, name="site_state"),
    path("sites/<str:code>/poster", posters.show_site_poster, name="site_poster"),
    path("sites/<str:code>/preview", posters.show_preview, name="site_preview"),
    path("sites/<str:code>/paper/<str:language>", posters.show_paper_form, name="site_paper"),
    path("posters", posters.show_posters, name="sites_posters"),
    path("posters/print", posters.print_posters, name="posters_print"),
    path("settings", settings_page.show_settings, name="settings"),
    path("settings/organisation", settings_page.show_organisation, name="settings_organisation"),
    path("settings/texts", settings_page.show_texts, name="settings_texts"),
    path("settings/address", settings_page.show_address, name="settings_address"),
    path("settings/address/test/<uuid:address_id>", settings_page.show_test, name="settings_test"),
    # records
    path("", home.show_home, name="home"),
    path("today", home.show_numbers, name="home_numbers"),
    path("records", line_list.show_line_list, name="line_list"),
    path("records/changes", line_list.show_changes, name="line_list_changes"),
    path("records/<uuid:record_id>", record.show_record, name="record"),
    path("records/<uuid:record_id>/correct", correct.show_correction, name="record_correct"),
    path("records/<uuid:record_id>/card", record.show_card, name="record_card"),
    path("register", register.show_register, name="register"),
    path("register/number", register.read_number, name="register_number"),
    path("register/card/<uuid:record_id>", register.show_new_card, name="register_card"),
    path("n/<str:number>", line_list.find_by_number, name="record_by_number"),
    path("export", exports.show_export, name="export"),
    path("export/download", exports.download, name="export_download"),
    path("export/<uuid:export_id>/progress", exports.show_progress, name="export_progress"),
]
