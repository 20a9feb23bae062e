// The connection form as Airbyte shows it: ordered by `order`, secrets masked, and where a pattern fails, its
// pattern_descriptor instead of the pattern. Unknown fields cannot be added. The rest is react-jsonschema-form.
import React from "react";
import { createRoot } from "react-dom/client";
import Form from "@rjsf/core";
import validator from "@rjsf/validator-ajv8";

const spec = { ...window.SPEC, additionalProperties: false };
const fields = spec.properties;
const names = Object.keys(fields).sort((one, other) => fields[one].order - fields[other].order);
const uiSchema = { "ui:order": names };
for (const name of names) {
  const { airbyte_secret: secret, description, examples } = fields[name];
  uiSchema[name] = { "ui:help": description, "ui:description": " " };
  if (fields[name].format === "date-time") uiSchema[name]["ui:widget"] = "text";
  if (secret) uiSchema[name]["ui:widget"] = "password";
  if (examples) uiSchema[name]["ui:placeholder"] = examples[0];
}

function inWords(errors) {
  return errors
    .filter((error) => error.name !== "format" || !errors.some((each) => each.property === error.property && each.name === "pattern"))
    .map((error) => {
      const field = fields[error.property?.slice(1)];
      if (error.name === "pattern" && field?.pattern_descriptor) error.message = `must be: ${field.pattern_descriptor}`;
      if (error.name === "required") error.message = "required field";
      return error;
    });
}

createRoot(document.getElementById("form")).render(
  <Form
    schema={spec}
    uiSchema={uiSchema}
    validator={validator}
    transformErrors={inWords}
    showErrorList={false}
    noHtml5Validate
    onSubmit={({ formData }) => { document.getElementById("sent").textContent = JSON.stringify(formData); }}
  >
    <button type="submit">Set up source</button>
  </Form>
);
