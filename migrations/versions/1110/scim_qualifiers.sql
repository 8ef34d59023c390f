-- How the identity provider has qualified what is kept of a person's attributes.
alter table fold.person add column scim_qualifiers text[] collate "C";
