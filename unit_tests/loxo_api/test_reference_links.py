"""Each stream's link leads to its own operation in Loxo's API reference."""

from __future__ import annotations

import re

import pytest

from loxo_api.endpoints import ENDPOINTS

REFERENCE = "https://loxo.readme.io/reference/"

# The operation ids of the GET operations in Loxo's OpenAPI 1.2.5. The reference's pages are named after them, without
# the colon: Ampersand's connector links to countriesindex and formsindex, other public texts to person_phonesindex,
# person_documentscreate and jobsshow.
OPERATIONS = {
    "activity_types": "activity_types:index",
    "address_types": "address_types:index",
    "bonus_payment_types": "bonus_payment_types:index",
    "bonus_types": "bonus_types:index",
    "companies": "companies:index",
    "companies/{company_id}/addresses": "company_addresses:index",
    "companies/{company_id}/addresses/{id}": "company_addresses:show",
    "companies/{company_id}/emails": "company_emails:index",
    "companies/{company_id}/emails/{id}": "company_emails:show",
    "companies/{company_id}/people": "company_people:index",
    "companies/{company_id}/phones": "company_phones:index",
    "companies/{company_id}/phones/{id}": "company_phones:show",
    "companies/{id}": "companies:show",
    "company_global_statuses": "company_global_statuses:index",
    "company_types": "company_types:index",
    "compensation_types": "compensation_types:index",
    "countries": "countries:index",
    "countries/{country_id}/states": "states:index",
    "countries/{country_id}/states/{state_id}/cities": "cities:index",
    "currencies": "currencies:index",
    "deal_workflows": "deal_workflows:index",
    "deal_workflows/{id}": "deal_workflows:show",
    "deals": "deals:index",
    "deals/{id}": "deals:show",
    "disability_statuses": "disability_statuses:index",
    "diversity_types": "diversity_types:index",
    "dynamic_fields": "dynamic_fields:index",
    "dynamic_fields/{dynamic_field_id}/hierarchies": "hierarchies:index",
    "dynamic_fields/{dynamic_field_id}/hierarchies/{id}": "hierarchies:show",
    "dynamic_fields/{id}": "dynamic_fields:show",
    "education_types": "education_types:index",
    "email_tracking": "email_tracking:index",
    "email_types": "email_types:index",
    "equity_types": "equity_types:index",
    "ethnicities": "ethnicities:index",
    "fee_types": "fee_types:index",
    "form_templates": "form_templates:index",
    "form_templates/{id}": "form_templates:show",
    "forms": "forms:index",
    "forms/{id}": "forms:show",
    "genders": "genders:index",
    "job_categories": "job_categories:index",
    "job_contact_types": "job_contact_types:index",
    "job_listing_config": "job_listing_config:index",
    "job_owner_types": "job_owner_types:index",
    "job_statuses": "job_statuses:index",
    "job_types": "job_types:index",
    "jobs": "jobs:index",
    "jobs/{id}": "jobs:show",
    "jobs/{job_id}/candidates": "candidates:index",
    "jobs/{job_id}/candidates/{id}": "candidates:show",
    "jobs/{job_id}/contacts": "job_contacts:index",
    "merges": "merges:index",
    "people": "people:index",
    "people/{id}": "people:show",
    "people/{person_id}/education_profiles": "person_education_profiles:index",
    "people/{person_id}/education_profiles/{id}": "person_education_profiles:show",
    "people/{person_id}/emails": "person_emails:index",
    "people/{person_id}/emails/{id}": "person_emails:show",
    "people/{person_id}/job_profiles": "person_job_profiles:index",
    "people/{person_id}/job_profiles/{id}": "person_job_profiles:show",
    "people/{person_id}/list_items": "person_list_items:index",
    "people/{person_id}/list_items/{id}": "person_list_items:show",
    "people/{person_id}/phones": "person_phones:index",
    "people/{person_id}/phones/{id}": "person_phones:show",
    "people/{person_id}/sms_opt_ins": "person_sms_opt_ins:index",
    "people/{person_id}/sms_opt_ins/{id}": "person_sms_opt_ins:show",
    "people/{person_id}/social_profiles": "person_social_profiles:index",
    "people/{person_id}/social_profiles/{id}": "person_social_profiles:show",
    "person_events": "person_events:index",
    "person_events/{id}": "person_events:show",
    "person_global_statuses": "person_global_statuses:index",
    "person_lists": "person_lists:index",
    "person_share_field_types": "person_share_field_types:index",
    "person_types": "person_types:index",
    "phone_types": "phone_types:index",
    "placements": "placements:index",
    "placements/{id}": "placements:show",
    "pronouns": "pronouns:index",
    "question_types": "question_types:index",
    "schedule_items": "schedule_items:index",
    "schedule_items/{id}": "schedule_items:show",
    "seniority_levels": "seniority_levels:index",
    "sms": "sms:index",
    "sms/{id}": "sms:show",
    "social_profile_types": "social_profile_types:index",
    "source_types": "source_types:index",
    "source_types/{id}": "source_types:show",
    "users": "users:index",
    "veteran_statuses": "veteran_statuses:index",
    "webhooks": "webhooks:index",
    "webhooks/{id}": "webhooks:show",
    "workflow_stages": "workflow_stages:index",
    "workflows": "workflows:index",
}
# Added to the reference after 1.2.5; a public text names the page.
OPERATIONS["campaigns"] = "campaigns:index"
# In no published description, so their links lead to the reference's start page.
UNDESCRIBED = {
    "scorecard_recommendation_types",
    "scorecard_templates",
    "scorecard_types",
    "scorecard_visibility_types",
    "scorecards",
}


def unnamed(path: str) -> str:
    """A path without its parameters' names, which are ours."""
    return re.sub(r"\{\w+\}", "{}", path)


SLUGS = {unnamed(path): operation.replace(":", "") for path, operation in OPERATIONS.items()}


@pytest.mark.parametrize("name", sorted(set(ENDPOINTS) - UNDESCRIBED))
def test_a_stream_links_to_its_operation(name: str) -> None:
    endpoint = ENDPOINTS[name]
    assert endpoint.documentation_url == REFERENCE + SLUGS[unnamed(endpoint.path)]


@pytest.mark.parametrize("name", sorted(UNDESCRIBED))
def test_a_stream_without_an_operation_links_to_the_start(name: str) -> None:
    assert unnamed(ENDPOINTS[name].path) not in SLUGS
    assert ENDPOINTS[name].documentation_url == f"{REFERENCE}loxo-api"


def test_the_links_that_differ_from_the_stream_are_right() -> None:
    links = {name: ENDPOINTS[name].documentation_url.removeprefix(REFERENCE) for name in ENDPOINTS}
    assert links["people_details"] == "peopleshow"
    assert links["person_events"] == "person_eventsindex"
    assert links["job_candidates"] == "candidatesindex"
    assert links["state_cities"] == "citiesindex"


def test_every_list_of_the_published_api_is_a_stream() -> None:
    lists = {path for path, operation in OPERATIONS.items() if operation.endswith(":index") and "/" not in path}
    # README.md gives the reason why this one is not a stream.
    assert lists - {row.path for row in ENDPOINTS.values()} == {"job_listing_config"}
